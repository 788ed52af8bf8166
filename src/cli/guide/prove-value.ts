import { isTreeMap, textOfTree } from '../../map/mapping-source.ts';
import type { Mappings } from '../../map/compile-mappings.ts';
import { parsePlace } from '../../map/place.ts';
import { runExample } from '../../map/run-example.ts';
import { readGuidePath } from './path.ts';
import { plant, plantComponent } from './plant.ts';
import type { Proof } from './prove.ts';
import type { GuideMap, GuideRow } from './read-guide.ts';
import { textWith, valuesAt } from './look.ts';

/** Proves a row of a data type map by our data type map alone: for types that stand only inside other types. */
export function proveValue(mappings: Mappings, map: GuideMap, row: GuideRow): Proof | undefined {
  const component = parsePlace(row.address)?.component ?? 0;
  if (component === 0 || row.condition !== '') return undefined;
  const mark = `${map.owner}x`;
  const { text, shows } = plantComponent(map.owner, component, mark);
  const path = readGuidePath(row.target);
  const fixed = /^"\s*(.*?)\s*"$/.exec(row.assignment)?.[1];
  for (const name of namesOf(mappings, map)) {
    for (const bare of [false, true]) {
      const parts = plant(map.owner, mark, bare).text.split('^');
      while (parts.length < component) parts.push('');
      const given = (own: string) => parts.map((part, index) => (index === component - 1 ? own : part)).join('^');
      const found = valuesOf(mappings, name, given(text), path);
      const before = new Set(valuesOf(mappings, name, given(''), path));
      const fresh = found.filter((value) => !before.has(value));
      const hit =
        fixed === undefined
          ? fresh.find((value) => shows.some((each) => value.includes(each)))
          : fresh.find((value) => value === JSON.stringify(fixed));
      if (hit !== undefined) return { message: given(text), found: hit };
    }
  }
  return undefined;
}

function valuesOf(mappings: Mappings, name: string, given: string, path: ReturnType<typeof readGuidePath>): string[] {
  const example = { name: '', line: 0, given, gives: undefined, lacks: [], warns: [], fails: [], unused: [], sender: {} };
  const result = runExample(example, name, mappings.base);
  if (!result.ok || result.value.made === undefined) return [];
  return valuesAt(result.value.made, path, new Map(), []).map((value) => textWith(value, new Map()));
}

/** Our maps of the type: the one of the plain name, and those that say they follow the table. */
function namesOf(mappings: Mappings, map: GuideMap): string[] {
  const follow = (mappings.sources.get('map') ?? []).flatMap(({ data }) => {
    if (!isTreeMap(data) || !(textOfTree(data['follows']) ?? '').includes(map.name)) return [];
    return [textOfTree(data['map']) ?? ''];
  });
  const plain = `${map.owner} to ${map.to.split('-')[0] ?? ''}`;
  return [...new Set([plain, ...follow])].filter((name) => mappings.base.library.map(name) !== undefined);
}
