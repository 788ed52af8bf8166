import { IssueError } from '../../issue/issue-error.ts';
import { failure, type Result, success } from '../../issue/result.ts';
import type { SearchQuery } from '../../fhir/search-query.ts';
import type { SearchPage, StoredVersion } from '../store.ts';
import type { Compartments } from './compartments.ts';
import { type Cursor, parseCursor, type SortValue, writeCursor } from './cursor.ts';
import { includedRows } from './includes.ts';
import { type Plan, planOf } from './plan.ts';
import { Scope } from './scope.ts';
import { sortColumns, sortedAfter, sortOrder } from './sort.ts';
import { walkOf } from './sort-walk.ts';
import { type Sql, all, sql, TRUE } from './sql.ts';
import type { Row, Statements } from './statements.ts';
import type { Versions } from './stored.ts';
import { IN_TIME, inTime } from './time-limit.ts';

/** An estimate counts this far, and goes on by proportion. */
const COUNTED = 10_000;

/** A search is answered by the thread that answers everybody: it may not take that for longer. Units: ms */
const MOST_MS = 2_000;

/** How searches run. */
export interface SearchSettings {
  /** From how many rows on an index is left early instead of walked whole: see SMALL. Lower in tests, to take that way with little data. */
  readonly small?: number;
  /** What looks at every resource, and an accurate total, is given up after this long. Units: ms */
  readonly searchTimeoutMs?: number;
}

/**
 * A page of a search.
 *
 * Fails: parameter-invalid (a cursor no page of this search gave); too-costly (it took too long)
 */
export function searchPage(
  statements: Statements,
  versions: Versions,
  query: SearchQuery,
  compartments: Compartments,
  { small, searchTimeoutMs = MOST_MS }: SearchSettings = {},
): Result<SearchPage> {
  const cursor = query.after === undefined ? undefined : parseCursor(query.after, query.sort.length);
  if (cursor?.ok === false) return failure(...cursor.issues);
  const scope = new Scope(statements, compartments, query.types, small);
  try {
    return inTime(statements.database, searchTimeoutMs, () => pageOf(scope, versions, query, cursor?.value));
  } catch (error) {
    if (error instanceof IssueError) return failure(...error.issues);
    throw error;
  }
}

function pageOf(scope: Scope, versions: Versions, query: SearchQuery, cursor: Cursor | undefined): Result<SearchPage> {
  const highWater = cursor?.highWater ?? Number(scope.statements.get('SELECT max(row) AS row FROM node')?.['row'] ?? 0);
  const found = query.count === 0 ? [] : pageRows(scope, query, highWater, cursor);
  const shown = found.slice(0, query.count);
  const rows = shown.map((row) => Number(row['row']));
  const included = includedRows(scope, rows, query.includes);
  const last = shown.at(-1);
  const more = found.length > query.count && last !== undefined;
  const total =
    query.total === 'accurate'
      ? countOf(scope, query, highWater)
      : query.total === 'estimate'
        ? estimateOf(scope, query, highWater)
        : undefined;
  return success({
    matches: stored(versions, rows),
    included: stored(versions, included.rows),
    ...(included.cut ? { includedCut: true } : {}),
    ...(more
      ? { next: writeCursor({ highWater, row: Number(last['row']), values: query.sort.map((_, index) => last[`s${index}`] as SortValue) }) }
      : {}),
    ...(total === undefined ? {} : { total }),
  });
}

/** One row more than the page shows, to know whether there is another. */
function pageRows(scope: Scope, query: SearchQuery, highWater: number, cursor: Cursor | undefined): Row[] {
  const limit = query.count + 1;
  if (query.sort.length > 0) return sortedRows(scope, query, highWater, cursor, limit);
  const plan = planOf(scope, query.filter, 'newest');
  const below = cursor === undefined ? highWater + 1 : Math.min(cursor.row, highWater + 1);
  if (plan.byIndex === undefined) return newestRows(scope, plan, below, limit);
  // Every resource is walked in the hope that the newest fill the page. Where they do not, an index leads to those that are far between.
  const near = below - 2 * scope.small;
  const found = newestRows(scope, { ...plan, where: all([plan.where, sql`d.row >= ${near}`]) }, below, limit);
  if (found.length === limit || near <= 0) return found;
  const { from, where } = plan.byIndex();
  return [...found, ...newestRows(scope, { from, where: all([where, IN_TIME]) }, near, limit - found.length)];
}

function newestRows(scope: Scope, plan: Plan, below: number, limit: number): Row[] {
  const text = newest(plan, below, limit);
  return scope.statements.all(text.text, ...text.values);
}

/** The statement of a search in the order of creation. */
function newest({ from, where, ofEach }: Plan, below: number, limit: number): Sql {
  const conditions = all([where, sql`d.row < ${below}`, ...timed(ofEach)]);
  return sql`SELECT d.row AS row FROM ${from} WHERE ${conditions} ORDER BY d.row DESC LIMIT ${limit}`;
}

function sortedRows(scope: Scope, query: SearchQuery, highWater: number, cursor: Cursor | undefined, limit: number): Row[] {
  const { from, where, ofEach } = planOf(scope, query.filter, query.sort.length === 1 ? 'sorted' : 'all');
  const [only, ...others] = query.sort;
  const walk = only === undefined || others.length > 0 ? undefined : walkOf(scope, only);
  if (walk !== undefined && ofEach !== undefined)
    return walk({ where: all([ofEach, sql`d.row <= ${highWater}`, ...timed(ofEach)]), cursor, limit });
  const matches = sql`SELECT d.row AS row, ${sortColumns(scope, query.sort)} FROM ${from} WHERE ${all([where, sql`d.row <= ${highWater}`, ...timed(ofEach)])}`;
  const place = cursor === undefined ? sql`` : sql` WHERE ${sortedAfter(query.sort, cursor)}`;
  const text = sql`SELECT * FROM (${matches})${place} ORDER BY ${sortOrder(query.sort)} LIMIT ${limit}`;
  return scope.statements.all(text.text, ...text.values);
}

/** An estimate that takes too long is left out; an accurate total that does fails the search. */
function estimateOf(scope: Scope, query: SearchQuery, highWater: number): number | undefined {
  const text = newest(planOf(scope, query.filter, 'newest'), highWater + 1, COUNTED);
  const bounds = sql`SELECT count(*) AS number, min(row) AS low, max(row) AS high FROM (${text})`;
  try {
    const { number, low, high } = scope.statements.get(bounds.text, ...bounds.values) as { number: number; low: number; high: number };
    return number < COUNTED ? number : Math.round((number * high) / (high - low));
  } catch (error) {
    if (error instanceof IssueError) return undefined;
    throw error;
  }
}

function countOf(scope: Scope, query: SearchQuery, highWater: number): number {
  const { from, where } = planOf(scope, query.filter, 'all');
  const text = sql`SELECT count(*) AS number FROM ${from} WHERE ${all([where, sql`d.row <= ${highWater}`, IN_TIME])}`;
  return Number(scope.statements.get(text.text, ...text.values)?.['number']);
}

/** Where every resource is looked at for more than its type, the time is looked at too. */
function timed(ofEach: Sql | undefined): Sql[] {
  return ofEach === undefined || ofEach === TRUE ? [] : [IN_TIME];
}

function stored(versions: Versions, rows: readonly number[]): StoredVersion[] {
  return rows.map((row) => versions.at(row)).filter((version) => version !== undefined);
}
