import { failure, type Result, success } from '../../issue/result.ts';
import type { SearchQuery } from '../../fhir/search-query.ts';
import type { SearchPage, StoredVersion } from '../store.ts';
import type { Compartments } from './compartments.ts';
import { type Cursor, parseCursor, type SortValue, writeCursor } from './cursor.ts';
import { includedRows } from './includes.ts';
import { planOf } from './plan.ts';
import { Scope } from './scope.ts';
import { sortColumns, sortedAfter, sortOrder } from './sort.ts';
import { walkOf } from './sort-walk.ts';
import { type Sql, all, sql } from './sql.ts';
import type { Row, Statements } from './statements.ts';
import type { Versions } from './stored.ts';

/** An estimate counts this far, and goes on by proportion. */
const COUNTED = 10_000;

/**
 * A page of a search.
 *
 * Fails: parameter-invalid (a cursor no page of this search gave)
 */
export function searchPage(
  statements: Statements,
  versions: Versions,
  query: SearchQuery,
  compartments: Compartments,
  small?: number,
): Result<SearchPage> {
  const cursor = query.after === undefined ? undefined : parseCursor(query.after, query.sort.length);
  if (cursor?.ok === false) return failure(...cursor.issues);
  const scope = new Scope(statements, compartments, query.types, small);
  const highWater = cursor?.value.highWater ?? Number(statements.get('SELECT max(row) AS row FROM node')?.['row'] ?? 0);
  const found = query.count === 0 ? [] : pageRows(scope, query, highWater, cursor?.value);
  const shown = found.slice(0, query.count);
  const rows = shown.map((row) => Number(row['row']));
  const included = includedRows(scope, rows, query.includes);
  const last = shown.at(-1);
  const more = found.length > query.count && last !== undefined;
  return success({
    matches: stored(versions, rows),
    included: stored(versions, included.rows),
    ...(included.cut ? { includedCut: true } : {}),
    ...(more
      ? { next: writeCursor({ highWater, row: Number(last['row']), values: query.sort.map((_, index) => last[`s${index}`] as SortValue) }) }
      : {}),
    ...(query.total === 'none' ? {} : { total: totalOf(scope, query, highWater) }),
  });
}

/** One row more than the page shows, to know whether there is another. */
function pageRows(scope: Scope, query: SearchQuery, highWater: number, cursor: Cursor | undefined): Row[] {
  const limit = query.count + 1;
  if (query.sort.length > 0) return sortedRows(scope, query, highWater, cursor, limit);
  const text = newestRows(scope, query, highWater, cursor, limit);
  return scope.statements.all(text.text, ...text.values);
}

/** The statement of a search in the order of creation. */
function newestRows(scope: Scope, query: SearchQuery, highWater: number, cursor: Cursor | undefined, limit: number): Sql {
  const { from, where } = planOf(scope, query.filter, 'newest');
  const place = cursor === undefined ? sql`d.row <= ${highWater}` : sql`d.row < ${Math.min(cursor.row, highWater + 1)}`;
  return sql`SELECT d.row AS row FROM ${from} WHERE ${all([where, place])} ORDER BY d.row DESC LIMIT ${limit}`;
}

function sortedRows(scope: Scope, query: SearchQuery, highWater: number, cursor: Cursor | undefined, limit: number): Row[] {
  const { from, where, ofEach } = planOf(scope, query.filter, query.sort.length === 1 ? 'sorted' : 'all');
  const [only, ...others] = query.sort;
  const walk = only === undefined || others.length > 0 ? undefined : walkOf(scope, only);
  if (walk !== undefined && ofEach !== undefined) return walk({ where: all([ofEach, sql`d.row <= ${highWater}`]), cursor, limit });
  const matches = sql`SELECT d.row AS row, ${sortColumns(scope, query.sort)} FROM ${from} WHERE ${all([where, sql`d.row <= ${highWater}`])}`;
  const place = cursor === undefined ? sql`` : sql` WHERE ${sortedAfter(query.sort, cursor)}`;
  const text = sql`SELECT * FROM (${matches})${place} ORDER BY ${sortOrder(query.sort)} LIMIT ${limit}`;
  return scope.statements.all(text.text, ...text.values);
}

function totalOf(scope: Scope, query: SearchQuery, highWater: number): number {
  if (query.total === 'estimate') {
    const text = newestRows(scope, query, highWater, undefined, COUNTED);
    const bounds = sql`SELECT count(*) AS number, min(row) AS low, max(row) AS high FROM (${text})`;
    const { number, low, high } = scope.statements.get(bounds.text, ...bounds.values) as { number: number; low: number; high: number };
    return number < COUNTED ? number : Math.round((number * high) / (high - low));
  }
  const { from, where } = planOf(scope, query.filter, 'all');
  const text = sql`SELECT count(*) AS number FROM ${from} WHERE ${all([where, sql`d.row <= ${highWater}`])}`;
  return Number(scope.statements.get(text.text, ...text.values)?.['number']);
}

function stored(versions: Versions, rows: readonly number[]): StoredVersion[] {
  return rows.map((row) => versions.at(row)).filter((version) => version !== undefined);
}
