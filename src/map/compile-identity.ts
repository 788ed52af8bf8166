import { compileWhen } from './compile-when.ts';
import type { RowScope } from './row-scope.ts';
import type { IdentityLine, IdentityRule, IdentityTerm } from './identity.ts';
import { isTyped, keyTextOf } from './key-text.ts';
import { barred, isTreeMap, textOfTree, type Tree } from './mapping-source.ts';
import { parsePlace } from './place.ts';

/** Compiles `identity:` of a map; undefined where there is none. Fails: mapping-faulty, added to the library's faults */
export function compileIdentity(scope: RowScope): IdentityRule | undefined {
  const data = isTreeMap(scope.source.data) ? scope.source.data['identity'] : undefined;
  if (!isTreeMap(data)) return undefined;
  const list = Array.isArray(data['keys']) ? (data['keys'] as readonly Tree[]) : [];
  return {
    shared: data['shared'] === 'true',
    within: barred(textOfTree(data['within']) ?? ''),
    lines: list.flatMap((item, index) => compileLine(item, index, scope) ?? []),
  };
}

function compileLine(item: Tree, index: number, scope: RowScope): IdentityLine | undefined {
  const fault = (reason: string): undefined =>
    scope.library.faults.add(scope.source, scope.source.lineAt('identity', 'keys', index), reason) as undefined;
  const text = isTreeMap(item) ? (textOfTree(item['key']) ?? '') : (textOfTree(item) ?? '');
  const terms = text.split('+').map((part): IdentityTerm | undefined => {
    const written = part.trim();
    if (written === 'position') return 'position';
    const place = parsePlace(written);
    const readable = place !== undefined && (scope.dataType ? place.field === 0 && place.owner === scope.owner : place.field !== 0);
    return readable
      ? { place, key: keyTextOf(place), typed: isTyped(place) }
      : fault(`identity: "${written}" is no address this map can read`);
  });
  if (terms[0] === 'position') return fault('identity: a key begins with an address');
  const [first, ...rest] = terms.filter((term) => term !== undefined);
  if (first === undefined || first === 'position') return undefined;
  const when = isTreeMap(item) ? textOfTree(item['when']) : undefined;
  return {
    first,
    rest,
    test: compileWhen(when, { ...scope, fault }),
    weak: isTreeMap(item) && item['weak'] === 'true',
    text,
  };
}
