import type { Filter } from '../../fhir/search-query.ts';
import { type Sql, all, among, sql, TRUE } from './sql.ts';
import type { Scope } from './scope.ts';

type NumberFilter = Extract<Filter, { op: 'number' | 'quantity' }>;

/** The conditions on a value of number_value, alias `v`. */
export function numberIs(scope: Scope, filter: NumberFilter): Sql {
  return filter.op === 'number' ? compared(filter) : all([compared(filter), unitIs(scope, filter.system, filter.code)]);
}

/** How v.value compares. No value lies outside its span, which bounds the index where the span is asked for. */
export function compared({ prefix, value, low, high }: NumberFilter): Sql {
  switch (prefix) {
    case 'eq':
      return sql`(v.value >= ${low} AND v.value < ${high})`;
    case 'ne':
      return sql`(v.value < ${low} OR v.value >= ${high})`;
    case 'gt':
      return sql`v.value > ${value}`;
    case 'lt':
      return sql`v.value < ${value}`;
    case 'ge':
      return sql`v.value >= ${value}`;
    case 'le':
      return sql`v.value <= ${value}`;
    case 'sa':
      return sql`(v.value >= ${high} AND v.low >= ${high})`;
    case 'eb':
      return sql`(v.value <= ${low} AND v.high <= ${low})`;
    case 'ap':
      return sql`(v.value >= ${value - Math.abs(value) / 10} AND v.value <= ${value + Math.abs(value) / 10})`;
  }
}

/** Whether v.unit is one of those asked for. */
export function unitIs(scope: Scope, system: string | undefined, code: string | undefined): Sql {
  const units = unitsOf(scope, system, code);
  return units === undefined ? TRUE : among(sql`v.unit`, units);
}

/** The units a quantity may be in; undefined for any. */
export function unitsOf(scope: Scope, system: string | undefined, code: string | undefined): number[] | undefined {
  const named = system !== undefined && system !== '';
  if (!named && code === undefined) return undefined;
  const condition = all([
    ...(named ? [sql`u.system = ${system}`] : []),
    ...(code === undefined ? [] : named ? [sql`u.code = ${code}`] : [sql`(u.code = ${code} OR u.display = ${code})`]),
  ]);
  const query = sql`SELECT unit FROM unit u WHERE ${condition}`;
  return scope.statements.all(query.text, ...query.values).map((row) => Number(row['unit']));
}
