import type { Filter } from '../../fhir/search-query.ts';
import { type Sql, among, sql } from './sql.ts';
import { afterPrefix } from './text-range.ts';

/** The conditions on a value of uri_value, alias `v`. */
export function uriIs({ match, value }: Extract<Filter, { op: 'uri' }>): Sql {
  if (match === 'exact') return sql`v.value = ${value}`;
  if (match === 'above') return among(sql`v.value`, withAncestors(value));
  const folder = value.endsWith('/') ? value : `${value}/`;
  return sql`(v.value = ${value} OR (v.value >= ${folder} AND v.value < ${afterPrefix(folder) ?? ''}))`;
}

/** A URI and every URI above it, each with and without its last slash. */
function withAncestors(value: string): string[] {
  const found = new Set([value]);
  for (let at = value.indexOf('/'); at !== -1; at = value.indexOf('/', at + 1)) {
    found.add(value.slice(0, at));
    found.add(value.slice(0, at + 1));
  }
  return [...found];
}
