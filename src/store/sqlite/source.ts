import type { Filter } from '../../fhir/search-query.ts';
import { membershipOf } from './compartments.ts';
import { alternativesOf, compartmentKeys, updatedWithin } from './condition.ts';
import { anyValueOf, matchesOf, tableOf, type ValueMatch, valueOf } from './match.ts';
import { rowsOf } from './plan.ts';
import type { Scope } from './scope.ts';
import { type Sql, all, among, join, sql, TRUE } from './sql.ts';

/** Rows of resources among which are all that meet a filter, found by walking an index. */
export interface Source {
  /** SELECT ... AS row, of which any may give a row: together they give each once, or more often where they are not `distinct`. */
  readonly selects: readonly Sql[];
  readonly distinct: boolean;
  /** The rows come in the order of the index, so that the newest are found first without a sort. */
  readonly ordered: boolean;
  /** Every row is a live resource of the scope's types. */
  readonly live: boolean;
  /** Every row meets the filter, which need not be looked at again. */
  readonly exact: boolean;
}

/** No row at all. */
const NOTHING: Source = { selects: [sql`SELECT 0 AS row WHERE 0`], distinct: true, ordered: false, live: true, exact: true };

/** The rows of a source, each once. */
export function rowsOfSource({ selects, distinct }: Source): Sql {
  if (distinct) return join(selects, ' UNION ALL ');
  const [only] = selects;
  return selects.length === 1 && only !== undefined ? sql`SELECT DISTINCT row FROM (${only})` : union(selects);
}

/** How to find what meets a filter by an index; undefined when only looking at every resource can tell. */
export function sourceOf(scope: Scope, filter: Filter): Source | undefined {
  switch (filter.op) {
    case 'and':
    case 'not':
      return undefined;
    case 'or': {
      const { values, others } = alternativesOf(scope, filter.of);
      return unionOf([...values.map(sourceOfMatch), ...others.map((part) => sourceOf(scope, part))]);
    }
    case 'id': {
      const typed = scope.types.length === 0 ? [] : [among(sql`n.type`, scope.types)];
      const named = sql`n.id IN (SELECT value FROM json_each(${JSON.stringify(filter.ids)}))`;
      return exact(sql`SELECT n.row AS row FROM node n WHERE ${all([named, ...typed, sql`n.deleted = 0`])}`);
    }
    case 'lastUpdated': {
      if (scope.types.length === 0) return undefined;
      const select = sql`SELECT n.row AS row FROM node n WHERE ${among(sql`n.type`, scope.types)} AND ${updatedWithin(filter)} AND n.deleted = 0 AND n.version > 0`;
      return exact(select);
    }
    case 'missing':
      return filter.missing ? undefined : unionOf(anyValueOf(scope, filter.parameter).map(sourceOfMatch));
    case 'chain': {
      const keys = scope.keys(filter.parameter).map(({ key }) => key);
      const inner = rowsOf(scope.of(filter.types), filter.filter);
      if (keys.length === 0) return NOTHING;
      const select = sql`SELECT v.row AS row FROM (${inner}) i CROSS JOIN reference_value v WHERE v.target = i.row AND ${among(sql`v.key`, keys)}`;
      return { ...exact(select), distinct: false };
    }
    case 'has': {
      const type = scope.of([filter.type]);
      const keys = type.keys(filter.parameter).map(({ key }) => key);
      if (keys.length === 0) return NOTHING;
      const select = sql`SELECT v.target AS row FROM (${rowsOf(type, filter.filter)}) i CROSS JOIN reference_value v WHERE v.row = i.row AND ${among(sql`v.key`, keys)}`;
      return { selects: [select], distinct: false, ordered: false, live: false, exact: true };
    }
    case 'compartment':
      return compartmentSource(scope, filter);
    default:
      return unionOf(matchesOf(scope, filter).map(sourceOfMatch));
  }
}

/** The rows that have a value that matches; undefined where only looking at every value can tell. */
export function sourceOfMatch(match: ValueMatch): Source | undefined {
  const table = tableOf(match);
  const { keys, ways = [valueOf(match)], once } = match;
  if (ways.some((way) => way.text.startsWith('instr('))) return undefined;
  // Several keys, each in the order of the index, are merged in that order. No resource has one value under two of them.
  const selects = once
    ? keys.map((key) => sql`SELECT v.row AS row FROM ${table} v WHERE v.key = ${key} AND ${ways[0] ?? TRUE}`)
    : ways.map((way) => sql`SELECT v.row AS row FROM ${table} v WHERE ${all([among(sql`v.key`, keys), way])}`);
  return { selects, distinct: once, ordered: once, live: true, exact: true };
}

function exact(select: Sql): Source {
  return { selects: [select], distinct: true, ordered: false, live: true, exact: true };
}

/** The rows of any of the sources; undefined when one of them has no index. */
export function unionOf(sources: readonly (Source | undefined)[]): Source | undefined {
  const found = sources.filter((source) => source !== NOTHING);
  if (found.length === 0) return NOTHING;
  if (!found.every((source) => source !== undefined)) return undefined;
  if (found.length === 1) return found[0];
  return {
    selects: found.flatMap(({ selects }) => selects),
    distinct: false,
    ordered: false,
    live: found.every(({ live }) => live),
    exact: found.every((source) => source.exact),
  };
}

/** SQLite unites so many selects in one; more are united by and by. */
const AT_ONCE = 200;

function union(selects: readonly Sql[]): Sql {
  if (selects.length <= AT_ONCE) return join(selects, ' UNION ');
  const groups = Array.from({ length: Math.ceil(selects.length / AT_ONCE) }, (_, at) => selects.slice(at * AT_ONCE, (at + 1) * AT_ONCE));
  return union(groups.map((group) => sql`SELECT row FROM (${union(group)})`));
}

function compartmentSource(scope: Scope, filter: Extract<Filter, { op: 'compartment' }>): Source {
  const owner = scope.nodes(filter.type, filter.id)[0];
  if (owner === undefined) return NOTHING;
  const membership = membershipOf(filter.type);
  if (membership !== undefined) {
    const keys = scope
      .of([filter.type])
      .keys(membership)
      .map(({ key }) => key);
    const select = sql`SELECT v.target AS row FROM reference_value v WHERE v.row = ${owner} AND ${among(sql`v.key`, keys)}`;
    return { selects: [select], distinct: false, ordered: false, live: false, exact: true };
  }
  const keys = compartmentKeys(scope, filter.type);
  const refers = sql`SELECT v.row AS row FROM reference_value v WHERE v.target = ${owner} AND ${among(sql`v.key`, keys)}`;
  return { selects: [sql`SELECT ${owner} AS row`, refers], distinct: false, ordered: false, live: false, exact: true };
}
