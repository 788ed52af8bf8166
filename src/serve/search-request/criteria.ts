import type { Filter } from '../../fhir/search-query.ts';
import type { Parameter } from '../http/query-string.ts';
import { invalid } from './parameter-issues.ts';
import { parseSearch } from './search-request.ts';
import type { SearchScope } from './search-scope.ts';

/** The criteria of a conditional interaction. */
export interface Criteria {
  readonly type: string;
  readonly filter: Filter;
  /** One spelling: equal criteria have equal keys. */
  readonly key: string;
}

/**
 * Criteria out of their parameters, strictly: an ignored parameter would match what nobody meant.
 *
 * Fails: parameter-invalid (none at all, or one about the answer), search-parameter-unknown, search-modifier-unsupported, too-costly
 */
export function parseCriteria(type: string, parameters: readonly Parameter[], scope: SearchScope): Criteria {
  const asked = parameters.filter(({ name }) => name !== '_format' && name !== '_pretty');
  if (asked.length === 0) throw invalid('criteria', 'a conditional interaction needs at least one');
  for (const { name } of asked) {
    if (/^_(count|sort|total|summary|elements|include|revinclude|type|cursor|contained)(:|$)/.test(name))
      throw invalid(name, 'it is no criterion');
  }
  const { query } = parseSearch([type], asked, true, scope);
  const parts = query.filter.op === 'and' ? query.filter.of : [query.filter];
  const key = parts.map((part) => JSON.stringify(part)).sort();
  return { type, filter: query.filter, key: `${type}?${key.join('&')}` };
}
