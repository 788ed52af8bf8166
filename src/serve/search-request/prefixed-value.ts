import type { Prefix } from '../../fhir/search-query.ts';

/**
 * The prefix of an ordered value, eq when there is none.
 *
 * Shape: splitPrefix('ge2020') is { prefix: 'ge', rest: '2020' }
 */
export function splitPrefix(value: string): { prefix: Prefix; rest: string } {
  const found = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)(?=[-+\d.])/.exec(value);
  if (found === null) return { prefix: 'eq', rest: value };
  return { prefix: found[1] as Prefix, rest: value.slice(2) };
}
