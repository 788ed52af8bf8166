import type { Prefix } from '../../fhir/search-query.ts';

/** Every prefix an ordered value may have. Source: FHIR R4 search, 3.1.1.4.5 */
export const PREFIXES: readonly Prefix[] = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'];
const PREFIXED = new RegExp(`^(${PREFIXES.join('|')})(?=[-+\\d.])`);

/**
 * The prefix of an ordered value, eq when there is none.
 *
 * Shape: splitPrefix('ge2020') is { prefix: 'ge', rest: '2020' }
 */
export function splitPrefix(value: string): { prefix: Prefix; rest: string } {
  const found = PREFIXED.exec(value);
  if (found === null) return { prefix: 'eq', rest: value };
  return { prefix: found[1] as Prefix, rest: value.slice(2) };
}
