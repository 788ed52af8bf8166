import type { CodeSystem, ValueSet } from 'fhir/r4.js';
import { conceptTree } from '../../fhir/concept-tree.ts';
import type { Expansion } from '../../fhir/definitions.ts';
import { type Filter, searchOf } from '../../fhir/search-query.ts';
import { expand } from '../../fhir/value-set.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Context } from '../context.ts';
import { tooCostly } from '../search-request/parameter-issues.ts';
import { resourceOf } from '../write/stored-resource.ts';

/** The most stored resources one expansion draws on. */
const MOST = 50;

/** A value set, and as much of it as is known here. */
export interface KnownValueSet {
  readonly valueSet: ValueSet;
  readonly expansion: Expansion;
}

/** A value set by its address: one that is loaded, else one that is stored, with the stored value sets and code systems it draws on. */
export async function valueSetAt(url: string, context: Context): Promise<KnownValueSet | undefined> {
  const { definitions } = context;
  const loaded = definitions.valueSet(url);
  const expansion = loaded === undefined ? undefined : definitions.expansion(url);
  if (loaded !== undefined && expansion?.missing.length === 0) return { valueSet: loaded, expansion };
  const valueSet = loaded ?? (await storedAt<ValueSet>('ValueSet', url, context));
  return valueSet === undefined ? undefined : { valueSet, expansion: await expansionOf(valueSet, url, context) };
}

/** What a value set expands to, under the address it is asked by. Fails: too-costly */
export async function expansionOf(valueSet: ValueSet, url: string, context: Context): Promise<Expansion> {
  const { definitions } = context;
  const valueSets = new Map<string, ValueSet>([[url, valueSet]]);
  const codeSystems = new Map<string, CodeSystem>();
  const asked = new Set<string>();
  const open = [valueSet];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const parts = [...(next.compose?.include ?? []), ...(next.compose?.exclude ?? [])];
    // a client's expression could run for ever
    if (next.url === undefined || definitions.valueSet(next.url) !== next)
      if (parts.some(({ filter = [] }) => filter.some(({ op }) => op === 'regex')))
        throw tooCostly('a stored value set filters by a regular expression');
    for (const { system, valueSet: included = [] } of parts) {
      const isNew = (address: string) => !asked.has(address) && asked.add(address).size > 0;
      if (asked.size > MOST) throw tooCostly(`the value set draws on more than ${MOST} others`);
      if (system !== undefined && definitions.codeSystem(system) === undefined && isNew(system)) {
        const found = await storedAt<CodeSystem>('CodeSystem', system, context);
        if (found !== undefined) codeSystems.set(system, found);
      }
      for (const address of included) {
        if (!isNew(address) || valueSets.has(address)) continue;
        const found = definitions.valueSet(address) ?? (await storedAt<ValueSet>('ValueSet', address, context));
        if (found === undefined) continue;
        valueSets.set(address, found);
        open.push(found);
      }
    }
  }
  return expand(url, {
    valueSet: (canonical) => valueSets.get(canonical) ?? definitions.valueSet(canonical),
    tree: (system, version) => {
      const found =
        codeSystems.get(system) ??
        (version === undefined ? undefined : definitions.codeSystem(`${system}|${version}`)) ??
        definitions.codeSystem(system);
      return found === undefined ? undefined : conceptTree(found);
    },
  });
}

async function storedAt<T>(type: 'ValueSet' | 'CodeSystem', canonical: string, context: Context): Promise<T | undefined> {
  const [url = '', version] = canonical.split('|');
  const byUrl: Filter = { op: 'uri', parameter: 'url', match: 'exact', value: url };
  const filter: Filter = version === undefined ? byUrl : { op: 'and', of: [byUrl, { op: 'token', parameter: 'version', code: version }] };
  const page = await context.store.search(searchOf(type, filter, { count: 1 }));
  if (!page.ok) throw new IssueError(...page.issues);
  return resourceOf(page.value.matches[0]) as T | undefined;
}
