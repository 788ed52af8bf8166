import type { SearchParameter } from 'fhir/r4.js';
import type { Definitions } from '../../fhir/definitions.ts';
import type { ServeSettings } from '../settings.ts';
import { stillIndexing, unknown } from './parameter-issues.ts';

/** What the parameters of a search are read against. */
export interface SearchScope {
  readonly definitions: Definitions;
  readonly settings: Pick<ServeSettings, 'baseUrl' | 'maxValues' | 'maxParameters' | 'maxChain' | 'defaultCount' | 'maxCount'>;
  readonly now: Date;
}

/** A search parameter as every searched type has it. */
export interface KnownParameter {
  readonly name: string;
  readonly kind: SearchParameter['type'];
  /** For a reference: the types it may point to; empty: any. */
  readonly targets: readonly string[];
  readonly components: readonly { readonly definition: string }[];
}

/** Parameters of R4 that are not searched by an index of ours. */
const NOT_SEARCHED = new Set(['_text', '_content', '_query', '_filter', 'near']);

/** The parameter of that name on every one of the types; undefined when one of them has none. No types: every type. */
export function findParameter(types: readonly string[], name: string, definitions: Definitions): KnownParameter | undefined {
  if (NOT_SEARCHED.has(name)) return undefined;
  const found: SearchParameter[] = [];
  for (const type of types.length === 0 ? ['Resource'] : types) {
    const parameter = definitions.searchParameter(type, name);
    if (parameter === undefined || parameter.type !== (found[0]?.type ?? parameter.type) || parameter.type === 'special') return undefined;
    found.push(parameter);
  }
  const [first] = found;
  if (first === undefined) return undefined;
  return {
    name,
    kind: first.type,
    targets: found.some((parameter) => parameter.target === undefined)
      ? []
      : [...new Set(found.flatMap((parameter) => parameter.target ?? []))],
    components: first.component ?? [],
  };
}

/** Fails: search-parameter-unknown, search-parameter-indexing */
export function requireParameter(types: readonly string[], name: string, definitions: Definitions): KnownParameter {
  const found = findParameter(types, name, definitions);
  if (found === undefined && types.some((type) => definitions.isBeingIndexed?.(type, name) === true)) throw stillIndexing(name);
  if (found === undefined) throw unknown(name, types.join(', '));
  return found;
}
