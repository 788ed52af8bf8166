import type { Filter } from '../../fhir/search-query.ts';
import { type Sql, all, any, sql } from './sql.ts';
import type { Key } from './scope.ts';

/** A filter on a date. */
export type DateFilter = Extract<Filter, { op: 'date' }>;

/** Spans beyond this are those of open periods, or of few dates: two years. */
const LONG_MS = 2 * 366 * 86_400_000;

/** What must hold of one value's low and high, so that an index can be walked between bounds. */
interface Bounds {
  lowFrom: number;
  lowTo: number;
  highFrom: number;
  highTo: number;
}

/** The conditions on one value [v.low, v.high) that meets all of the filters; `v` is the alias of date_value. */
export function dateIs(filters: readonly DateFilter[], keys: readonly Key[]): Sql {
  const bounds: Bounds = { lowFrom: -Infinity, lowTo: Infinity, highFrom: -Infinity, highTo: Infinity };
  for (const filter of filters) narrow(bounds, filter);
  // A value that ends after x begins after x less the longest span there is: bounds on both ends of one column.
  // Where periods stay open that bound says nothing, and the index by the end is walked.
  const span = Math.max(0, ...keys.map((key) => key.span));
  if (span <= LONG_MS) bounds.lowFrom = Math.max(bounds.lowFrom, bounds.highFrom - span);
  const byLow = bounds.lowFrom > -Infinity || bounds.highFrom === -Infinity;
  const low = byLow ? sql`v.low` : sql`+v.low`;
  const high = byLow ? sql`+v.high` : sql`v.high`;
  const conditions: Sql[] = [];
  if (bounds.lowFrom > -Infinity) conditions.push(sql`${low} >= ${bounds.lowFrom}`);
  if (bounds.lowTo < Infinity) conditions.push(sql`${low} <= ${bounds.lowTo}`);
  if (bounds.highFrom > -Infinity) conditions.push(sql`${high} >= ${bounds.highFrom}`);
  if (bounds.highTo < Infinity) conditions.push(sql`${high} <= ${bounds.highTo}`);
  return all([...conditions, ...filters.map(exactly)]);
}

function narrow(bounds: Bounds, { prefix, low, high }: DateFilter): void {
  const lowFrom = prefix === 'eq' ? low : prefix === 'sa' ? high : -Infinity;
  const lowTo = prefix === 'lt' ? low : prefix === 'eq' || prefix === 'le' || prefix === 'ap' ? high : Infinity;
  const highFrom = prefix === 'gt' ? high : prefix === 'ge' || prefix === 'ap' ? low : -Infinity;
  const highTo = prefix === 'eq' ? high : prefix === 'eb' ? low : Infinity;
  bounds.lowFrom = Math.max(bounds.lowFrom, lowFrom);
  bounds.lowTo = Math.min(bounds.lowTo, lowTo);
  bounds.highFrom = Math.max(bounds.highFrom, highFrom);
  bounds.highTo = Math.min(bounds.highTo, highTo);
}

function exactly({ prefix, low, high }: DateFilter): Sql {
  switch (prefix) {
    case 'eq':
      return sql`(+v.low >= ${low} AND +v.high <= ${high})`;
    case 'ne':
      return sql`(+v.low < ${low} OR +v.high > ${high})`;
    case 'gt':
      return sql`+v.high > ${high}`;
    case 'lt':
      return sql`+v.low < ${low}`;
    case 'ge':
      return any([sql`+v.high > ${high}`, sql`+v.low >= ${low}`]);
    case 'le':
      return any([sql`+v.low < ${low}`, sql`+v.high <= ${high}`]);
    case 'sa':
      return sql`+v.low >= ${high}`;
    case 'eb':
      return sql`+v.high <= ${low}`;
    case 'ap':
      return sql`(+v.low < ${high} AND +v.high > ${low})`;
  }
}
