import type { Filter } from '../../fhir/search-query.ts';
import { conditionOf, liveCondition, valueCondition } from './condition.ts';
import { datesTogether } from './match.ts';
import type { Scope } from './scope.ts';
import { type Source, sourceOf, sourceOfMatch } from './source.ts';
import { type Sql, all, among, sql } from './sql.ts';

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
  const driver = driverOf(scope, parts, wanted);
  const row = sql`d.row`;
  const rest = parts
    .filter((part) => part !== driver || driver.source?.exact !== true)
    .sort((a, b) => a.cost - b.cost)
    .map((part) => part.condition(row));
  if (driver?.source !== undefined) {
    const live = driver.source.live ? [] : [liveCondition(scope, row)];
    return { from: sql`(${driver.source.select}) d`, where: all([...rest, ...live]) };
  }
  // Several types in the order of creation: the table is walked, not the index by type.
  const type = wanted === 'newest' && scope.types.length > 1 ? sql`+d.type` : sql`d.type`;
  const typed = scope.types.length === 0 ? [] : [among(type, scope.types)];
  return { from: sql`node d`, where: all([...typed, sql`d.deleted = 0`, ...rest]), ofEach: all(rest) };
}

/** The part whose index is walked; undefined when every resource is. */
function driverOf(scope: Scope, parts: readonly Part[], wanted: Wanted): Part | undefined {
  const indexed = parts.filter((part) => part.source !== undefined);
  const known = indexed.length === 1 && wanted === 'all';
  const counted = indexed.map((part) => ({ part, size: known ? 0 : sizeOf(scope, part.source as Source) }));
  counted.sort((a, b) => a.size - b.size || Number(b.part.source?.ordered) - Number(a.part.source?.ordered));
  const first = counted[0];
  if (first === undefined || first.size < scope.small || wanted === 'all') return first?.part;
  return wanted === 'newest' && first.part.source?.ordered === true ? first.part : undefined;
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
    else parts.push({ source: sourceOfMatch(together), condition: (row) => valueCondition(together, row), cost: 0 });
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

function sizeOf(scope: Scope, source: Source): number {
  const query = sql`SELECT count(*) AS size FROM (${source.select} LIMIT ${scope.small})`;
  return Number(scope.statements.get(query.text, ...query.values)?.['size']);
}
