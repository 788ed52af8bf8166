import type { Bound } from './statements.ts';

/** The values of a row of an index. */
export type Tuple = readonly Bound[];

/** What is no more wanted of the rows that were found, and what is wanted and was not. */
export function difference(found: readonly Tuple[], wanted: readonly Tuple[]): { readonly gone: Tuple[]; readonly missing: Tuple[] } {
  const missing = new Map(wanted.map((tuple) => [tuple.map(String).join('\u0000'), tuple]));
  const gone = found.filter((tuple) => !missing.delete(tuple.map(String).join('\u0000')));
  return { gone, missing: [...missing.values()] };
}
