import type { Filter } from '../../fhir/search-query.ts';
import { membershipOf, parametersOf } from './compartments.ts';
import { anyValueOf, matchesOf, merged, tableOf, type ValueFilter, type ValueMatch, valueOf } from './match.ts';
import type { Scope } from './scope.ts';
import { type Sql, all, among, any, FALSE, sql } from './sql.ts';
import { NO_TOKEN } from './write-composites.ts';

/**
 * Whether one resource meets a filter, as a condition on its row: every part of it is a look-up by that row.
 * `row` is a piece of SQL that names the row, such as `d.row`.
 */
export function conditionOf(scope: Scope, filter: Filter, row: Sql): Sql {
  switch (filter.op) {
    case 'and':
      return all(filter.of.map((part) => conditionOf(scope, part, row)));
    case 'or': {
      const { values, others } = alternativesOf(scope, filter.of);
      return any([...values.map((match) => valueCondition(match, row)), ...others.map((part) => conditionOf(scope, part, row))]);
    }
    case 'not':
      return sql`NOT ${conditionOf(scope, filter.of, row)}`;
    case 'id':
      return sql`EXISTS (SELECT 1 FROM node n WHERE n.row = ${row} AND n.id IN (SELECT value FROM json_each(${JSON.stringify(filter.ids)})))`;
    case 'lastUpdated':
      return sql`EXISTS (SELECT 1 FROM node n WHERE n.row = ${row} AND ${updatedWithin(filter)})`;
    case 'missing': {
      const has = any(anyValueOf(scope, filter.parameter).map((match) => valueCondition(match, row)));
      return filter.missing ? sql`NOT ${has}` : has;
    }
    case 'chain':
      return chainCondition(scope, filter, row);
    case 'has':
      return hasCondition(scope, filter, row);
    case 'compartment':
      return compartmentCondition(scope, filter, row);
    default:
      return any(matchesOf(scope, filter).map((match) => valueCondition(match, row)));
  }
}

/** The parts of an alternative that are values, those of one table and parameter as one match, and the others. */
export function alternativesOf(scope: Scope, of: readonly Filter[]): { readonly values: ValueMatch[]; readonly others: Filter[] } {
  const values = merged(of.filter(isValue).flatMap((part) => matchesOf(scope, part)));
  return { values, others: of.filter((part) => !isValue(part)) };
}

const NO_VALUES: ReadonlySet<Filter['op']> = new Set(['and', 'or', 'not', 'id', 'lastUpdated', 'missing', 'chain', 'has', 'compartment']);

function isValue(filter: Filter): filter is ValueFilter {
  return !NO_VALUES.has(filter.op);
}

/**
 * Whether a resource has a value that matches. The resource's few values are looked at: a plus before a column keeps the database from
 * walking the index by value instead. Elements of composites have no index by resource: they are looked up by its tokens.
 */
export function valueCondition(match: ValueMatch, row: Sql): Sql {
  const value = valueOf(match);
  const conditions = [sql`v.row = ${row}`, among(sql`v.key`, match.keys)];
  if (match.table !== 'composite') conditions.push({ ...value, text: value.text.replace(/\bv\.(low|high|value|folded)\b/g, '+v.$1') });
  else if (match.once) conditions.push(value);
  else conditions.push(sql`v.token IN (SELECT t.token FROM token_value t WHERE t.row = ${row} UNION ALL SELECT ${NO_TOKEN})`, value);
  return sql`EXISTS (SELECT 1 FROM ${tableOf(match)} v WHERE ${all(conditions)})`;
}

/** Conditions on node.updated, alias `n`. */
export function updatedWithin({ from, to }: { readonly from?: number; readonly to?: number }): Sql {
  return all([...(from === undefined ? [] : [sql`n.updated >= ${from}`]), ...(to === undefined ? [] : [sql`n.updated < ${to}`])]);
}

/** Whether a row is a live resource of the scope's types. */
export function liveCondition(scope: Scope, row: Sql): Sql {
  const typed = scope.types.length === 0 ? [] : [among(sql`n.type`, scope.types)];
  return sql`EXISTS (SELECT 1 FROM node n WHERE ${all([sql`n.row = ${row}`, sql`n.deleted = 0`, ...typed])})`;
}

function chainCondition(scope: Scope, filter: Extract<Filter, { op: 'chain' }>, row: Sql): Sql {
  const keys = scope.keys(filter.parameter).map((key) => key.key);
  const inner = scope.of(filter.types);
  if (keys.length === 0) return FALSE;
  const alias = inner.alias;
  const target = sql`${alias}.target`;
  const meets = all([liveCondition(inner, target), conditionOf(inner, filter.filter, target)]);
  return sql`EXISTS (SELECT 1 FROM reference_value ${alias} WHERE ${alias}.row = ${row} AND ${among(sql`${alias}.key`, keys)} AND ${meets})`;
}

function hasCondition(scope: Scope, filter: Extract<Filter, { op: 'has' }>, row: Sql): Sql {
  const inner = scope.of([filter.type]);
  const keys = inner.keys(filter.parameter).map((key) => key.key);
  if (keys.length === 0) return FALSE;
  const alias = inner.alias;
  const meets = conditionOf(inner, filter.filter, sql`${alias}.row`);
  return sql`EXISTS (SELECT 1 FROM reference_value ${alias} WHERE ${alias}.target = ${row} AND ${among(sql`${alias}.key`, keys)} AND ${meets})`;
}

function compartmentCondition(scope: Scope, filter: Extract<Filter, { op: 'compartment' }>, row: Sql): Sql {
  const owners = scope.nodes(filter.type, filter.id);
  if (owners.length === 0) return FALSE;
  const owner = owners[0] as number;
  const membership = membershipOf(filter.type);
  if (membership !== undefined) {
    const keys = scope.of([filter.type]).keys(membership);
    return any(
      keys.map(({ key }) => sql`EXISTS (SELECT 1 FROM reference_value v WHERE v.row = ${owner} AND v.key = ${key} AND v.target = ${row})`),
    );
  }
  const keys = compartmentKeys(scope, filter.type);
  const refers = sql`EXISTS (SELECT 1 FROM reference_value v WHERE v.row = ${row} AND ${among(sql`v.key`, keys)} AND v.target = ${owner})`;
  return any([sql`${row} = ${owner}`, ...(keys.length === 0 ? [] : [refers])]);
}

/** The keys by which resources of the scope's types are in a compartment. */
export function compartmentKeys(scope: Scope, compartment: string): number[] {
  return scope.everyTypeName().flatMap((name) => {
    const type = scope.of([name]);
    return parametersOf(scope.compartments, compartment, name).flatMap((parameter) => type.keys(parameter).map(({ key }) => key));
  });
}
