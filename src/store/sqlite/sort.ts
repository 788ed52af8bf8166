import type { SortKey } from '../../fhir/search-query.ts';
import type { Cursor, SortValue } from './cursor.ts';
import { KIND } from './dictionary.ts';
import { beside } from './index-rows.ts';
import type { Scope } from './scope.ts';
import { type Sql, all, among, any, FALSE, join, sql } from './sql.ts';

/** The value a resource is sorted by, as an expression on the row d.row; NULL where it has none. */
function sortValueOf(scope: Scope, { parameter, descending }: SortKey): Sql {
  if (parameter === '_id') return sql`(SELECT n.id FROM node n WHERE n.row = d.row)`;
  if (parameter === '_lastUpdated') return sql`(SELECT n.updated FROM node n WHERE n.row = d.row)`;
  const keys = scope.keys(parameter);
  const kinds = keys.reduce((bits, key) => bits | key.kinds, 0);
  const keyIs = among(
    sql`v.key`,
    keys.map(({ key }) => key),
  );
  const most = descending ? sql`max` : sql`min`;
  const of = (table: Sql, value: Sql): Sql => sql`(SELECT ${most}(${value}) FROM ${table} WHERE v.row = d.row AND ${keyIs})`;
  if ((kinds & KIND.date) !== 0) return of(sql`date_value v`, sql`CAST(v.low AS REAL)`);
  if ((kinds & KIND.string) !== 0) return of(sql`string_value v`, sql`v.folded`);
  if ((kinds & KIND.number) !== 0) return of(sql`number_value v`, sql`CAST(v.value AS REAL)`);
  if ((kinds & KIND.token) !== 0) return of(sql`token_value v CROSS JOIN token k ON k.token = v.token`, sql`k.code`);
  if ((kinds & KIND.reference) !== 0) {
    const named = sql`reference_value v CROSS JOIN node n ON n.row = v.target CROSS JOIN type t ON t.type = n.type`;
    return of(named, sql`t.name || '/' || n.id`);
  }
  return parameter.endsWith(URI) ? sql`NULL` : sortValueOf(scope, { parameter: `${parameter}${URI}`, descending });
}

/** Uris stand beside the values of other kinds: see beside. */
const URI = beside.uri('');

/** The columns of an order. Shape: s0, s1 */
function column(index: number): Sql {
  return { text: `s${index}`, values: [] };
}

/** The columns to select, named s0, s1 and so on. */
export function sortColumns(scope: Scope, sort: readonly SortKey[]): Sql {
  return join(
    sort.map((key, index) => sql`${sortValueOf(scope, key)} AS ${column(index)}`),
    ', ',
  );
}

/** The order: what has no value last, the newest first among equals. */
export function sortOrder(sort: readonly SortKey[]): Sql {
  const terms = sort.map(({ descending }, index) =>
    descending ? sql`${column(index)} IS NULL, ${column(index)} DESC` : sql`${column(index)} IS NULL, ${column(index)}`,
  );
  return join([...terms, sql`row DESC`], ', ');
}

/** What stands after the cursor in the order. */
export function sortedAfter(sort: readonly SortKey[], cursor: Cursor): Sql {
  const same = (index: number): Sql => sql`${column(index)} IS ${cursor.values[index] as SortValue}`;
  const after = (index: number): Sql => {
    const value = cursor.values[index] as SortValue;
    if (value === null) return FALSE;
    const beyond = sort[index]?.descending === true ? sql`${column(index)} < ${value}` : sql`${column(index)} > ${value}`;
    return sql`(${beyond} OR ${column(index)} IS NULL)`;
  };
  const before = (index: number): Sql[] => sort.slice(0, index).map((_, earlier) => same(earlier));
  return any([...sort.map((_, index) => all([...before(index), after(index)])), all([...before(sort.length), sql`row < ${cursor.row}`])]);
}
