import type { Filter } from '../../fhir/search-query.ts';
import { type Sql, all, any, sql } from './sql.ts';
import type { Key } from './scope.ts';

/** A filter on a date. */
export type DateFilter = Extract<Filter, { op: 'date' }>;

/** Spans beyond this are those of open periods, or of years: 32 days. They have an index by their end, whose condition this is in so many words. */
const LONG_MS = 2_764_800_000;
const IS_LONG = sql`v.high - v.low > 2764800000`;

/** What must hold of one value's low and high, so that an index can be walked between bounds. */
interface Bounds {
  lowFrom: number;
  lowTo: number;
  highFrom: number;
  highTo: number;
}

/** The conditions on one value [v.low, v.high) that meets all of the filters; `v` is the alias of date_value. */
export function dateIs(filters: readonly DateFilter[]): Sql {
  return all(filters.map(exactly));
}

/** How to find the values that meet all of the filters, each way between bounds of an index. */
export function dateWays(filters: readonly DateFilter[], keys: readonly Key[]): Sql[] {
  const { lowFrom, lowTo, highFrom, highTo } = boundsOf(filters);
  const rest = dateIs(filters);
  const upTo = lowTo < Infinity ? [sql`v.low <= ${lowTo}`] : [];
  if (highFrom === -Infinity || lowFrom > -Infinity)
    return [all([...(lowFrom > -Infinity ? [sql`v.low >= ${lowFrom}`] : []), ...upTo, rest])];
  // A value that ends after x begins after x less the longest span there is: bounds on both ends of one column. Those that last longer are looked
  // up by their end.
  const span = Math.max(0, ...keys.map((key) => key.span));
  const short = all([sql`v.low >= ${highFrom - Math.min(span, LONG_MS)}`, ...upTo, rest]);
  if (span <= LONG_MS) return [short];
  return [short, all([IS_LONG, sql`v.high >= ${highFrom}`, ...(highTo < Infinity ? [sql`v.high <= ${highTo}`] : []), rest])];
}

function boundsOf(filters: readonly DateFilter[]): Bounds {
  const bounds: Bounds = { lowFrom: -Infinity, lowTo: Infinity, highFrom: -Infinity, highTo: Infinity };
  for (const { prefix, low, high } of filters) {
    const lowFrom = prefix === 'eq' ? low : prefix === 'sa' ? high : -Infinity;
    const lowTo = prefix === 'lt' ? low : prefix === 'le' || prefix === 'ap' ? high : Infinity;
    const highFrom = prefix === 'gt' ? high : prefix === 'ge' || prefix === 'ap' ? low : -Infinity;
    const highTo = prefix === 'eq' ? high : prefix === 'eb' ? low : Infinity;
    bounds.lowFrom = Math.max(bounds.lowFrom, lowFrom);
    // No value begins after its end.
    bounds.lowTo = Math.min(bounds.lowTo, lowTo, highTo);
    bounds.highFrom = Math.max(bounds.highFrom, highFrom);
    bounds.highTo = Math.min(bounds.highTo, highTo);
  }
  return bounds;
}

/** The plus before a column keeps the database from walking an index by it. */
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
