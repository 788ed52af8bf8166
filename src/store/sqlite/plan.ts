import type { Filter } from '../../fhir/search-query.ts';
import { conditionOf, liveCondition, valueCondition } from './condition.ts';
import { datesTogether } from './match.ts';
import type { Scope } from './scope.ts';
import { rowsOfSource, type Source, sourceOf, sourceOfMatch, unionOf } from './source.ts';
import { type Sql, all, among, any, sql } from './sql.ts';

/** One part of a filter that must hold, with the index that finds it where there is one. */
interface Part {
  readonly source: Source | undefined;
  readonly condition: (row: Sql) => Sql;
  /** Conditions that cost more come later. */
  readonly cost: number;
}

/** Where the rows of a search come from, and what else must hold of them. The row is `d.row`. */
export interface Plan {
  /** A table expression named d. */
  readonly from: Sql;
  readonly where: Sql;
  /** What must hold of d.row when every resource of the types is walked; undefined when an index gives few. */
  readonly ofEach?: Sql;
  /** Then: the way by an index that gives many, for when the newest do not soon fill the page. */
  readonly byIndex?: () => Plan;
}

/** The order the rows are wanted in: none, by creation, or by an index that is to be walked when no other gives few. */
export type Wanted = 'all' | 'newest' | 'sorted';

/** The rows that meet a filter, each once, in no order: for a search within a search. */
export function rowsOf(scope: Scope, filter: Filter): Sql {
  const { from, where } = planOf(scope, filter, 'all');
  return sql`SELECT d.row AS row FROM ${from} WHERE ${where}`;
}

/**
 * The plan for a filter: the smallest of its indexes is walked, counted by a bounded look at each; the rest are look-ups by row.
 * When the newest are wanted first and every index gives many, what is in the order of creation is walked instead, and left early.
 */
export function planOf(scope: Scope, filter: Filter, wanted: Wanted): Plan {
  const parts = partsOf(scope, filter);
  // Those in the order of an index first: they are counted soonest, and of two that give as many they are the better.
  const indexed = parts.filter((part) => part.source !== undefined).sort((a, b) => Number(isOrdered(b)) - Number(isOrdered(a)));
  const driver = driverOf(scope, indexed, wanted);
  if (driver !== undefined) return planBy(scope, parts, driver);
  const rest = conditionsOf(parts);
  // Several types in the order of creation: the table is walked, not the index by type.
  const type = wanted === 'newest' && scope.types.length > 1 ? sql`+d.type` : sql`d.type`;
  const typed = scope.types.length === 0 ? [] : [among(type, scope.types)];
  const each = { from: sql`node d`, where: all([...typed, sql`d.deleted = 0`, ...rest]), ofEach: all(rest) };
  const [first] = indexed;
  if (first === undefined) return each;
  return { ...each, byIndex: () => planBy(scope, parts, smallest(scope, indexed, manyOf(scope)) ?? first) };
}

function planBy(scope: Scope, parts: readonly Part[], driver: Part): Plan {
  const source = driver.source as Source;
  const rest = conditionsOf(parts.filter((part) => part !== driver || !source.exact));
  const live = source.live ? [] : [liveCondition(scope, ROW)];
  return { from: sql`(${rowsOfSource(source)}) d`, where: all([...rest, ...live]) };
}

const ROW = sql`d.row`;

function conditionsOf(parts: readonly Part[]): Sql[] {
  return parts.toSorted((a, b) => a.cost - b.cost).map((part) => part.condition(ROW));
}

function isOrdered(part: Part): boolean {
  return part.source?.ordered === true;
}

/** The part whose index is walked; undefined when every resource is. */
function driverOf(scope: Scope, indexed: readonly Part[], wanted: Wanted): Part | undefined {
  const [only, ...others] = indexed;
  const found = wanted === 'newest' ? indexed.find(isOrdered) : wanted === 'all' ? only : undefined;
  if (only === undefined || (others.length === 0 && found !== undefined)) return only;
  const bounds = [Math.min(FEW, scope.small), scope.small, ...(wanted === 'sorted' ? [manyOf(scope)] : [])];
  for (const most of bounds) {
    const part = smallest(scope, indexed, most);
    if (part !== undefined) return part;
  }
  return found;
}

/** So few rows are a source that need not be held against a smaller one. */
const FEW = 64;

/** To sort what an index gives is dearer than to walk another in its order only where it gives very many: 62,500, and with SMALL a different number. */
function manyOf(scope: Scope): number {
  return Math.floor(scope.small ** 2 / 64);
}

/** The part with the smallest source, where that has fewer rows than this. */
function smallest(scope: Scope, parts: readonly Part[], most: number): Part | undefined {
  let best: Part | undefined;
  let size = most;
  for (const part of parts) {
    const found = size === 0 ? 0 : sizeOf(scope, part.source as Source, size);
    if (found < size) [best, size] = [part, found];
  }
  return best;
}

function partsOf(scope: Scope, filter: Filter): Part[] {
  const dates = new Map<string, Extract<Filter, { op: 'date' }>[]>();
  const parts: Part[] = [];
  for (const item of flat(filter)) {
    if (item.op === 'date') dates.set(item.parameter, [...(dates.get(item.parameter) ?? []), item]);
    else parts.push(partOf(scope, item));
  }
  for (const filters of dates.values()) {
    const together = datesTogether(scope, filters);
    if (together === undefined) parts.push(...filters.map((item) => partOf(scope, item)));
    else
      parts.push({
        source: unionOf(together.map(sourceOfMatch)),
        condition: (row) => any(together.map((match) => valueCondition(match, row))),
        cost: 0,
      });
  }
  return parts;
}

function partOf(scope: Scope, filter: Filter): Part {
  return { source: sourceOf(scope, filter), condition: (row) => conditionOf(scope, filter, row), cost: costOf(filter) };
}

function costOf(filter: Filter): number {
  if (filter.op === 'and' || filter.op === 'or') return Math.max(0, ...filter.of.map(costOf));
  if (filter.op === 'not') return costOf(filter.of);
  if (filter.op === 'composite') return 3;
  if (filter.op === 'chain' || filter.op === 'has') return 2;
  return filter.op === 'string' && filter.match === 'contains' ? 1 : 0;
}

function flat(filter: Filter): Filter[] {
  return filter.op === 'and' ? filter.of.flatMap(flat) : [filter];
}

/** How many rows a source has, counted so far. */
function sizeOf(scope: Scope, source: Source, upTo: number): number {
  const query = sql`SELECT count(*) AS size FROM (${rowsOfSource(source)} LIMIT ${upTo})`;
  return Number(scope.statements.get(query.text, ...query.values)?.['size']);
}
