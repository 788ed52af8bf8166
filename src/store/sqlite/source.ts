import type { Filter } from '../../fhir/search-query.ts';
import { membershipOf } from './compartments.ts';
import { compartmentKeys, updatedWithin } from './condition.ts';
import { beside } from './index-rows.ts';
import { anyValueOf, matchesOf, type ValueMatch } from './match.ts';
import { rowsOf } from './plan.ts';
import type { Scope } from './scope.ts';
import { type Sql, all, among, FALSE, join, sql } from './sql.ts';

/** Rows of resources among which are all that meet a filter, found by walking an index. */
export interface Source {
  /** SELECT ... AS row, each row once. */
  readonly select: Sql;
  /** The rows come in the order of the index, so that the newest are found first without a sort. */
  readonly ordered: boolean;
  /** Every row is a live resource of the scope's types. */
  readonly live: boolean;
  /** Every row meets the filter, which need not be looked at again. */
  readonly exact: boolean;
}

/** No row at all. */
const NOTHING: Source = { select: sql`SELECT 0 AS row WHERE 0`, ordered: false, live: true, exact: true };

/** How to find what meets a filter by an index; undefined when only looking at every resource can tell. */
export function sourceOf(scope: Scope, filter: Filter): Source | undefined {
  switch (filter.op) {
    case 'and':
    case 'not':
      return undefined;
    case 'or':
      return unionOf(filter.of.map((part) => sourceOf(scope, part)));
    case 'id': {
      const typed = scope.types.length === 0 ? [] : [among(sql`n.type`, scope.types)];
      const named = sql`n.id IN (SELECT value FROM json_each(${JSON.stringify(filter.ids)}))`;
      return exact(sql`SELECT n.row AS row FROM node n WHERE ${all([named, ...typed, sql`n.deleted = 0`])}`);
    }
    case 'lastUpdated': {
      if (scope.types.length === 0) return undefined;
      const select = sql`SELECT n.row AS row FROM node n WHERE ${among(sql`n.type`, scope.types)} AND ${updatedWithin(filter)} AND n.deleted = 0`;
      return exact(select);
    }
    case 'missing':
      return filter.missing ? undefined : unionOf(anyValueOf(scope, filter.parameter).map(sourceOfMatch));
    case 'composite':
      return compositeSource(scope, filter);
    case 'chain': {
      const keys = scope.keys(filter.parameter).map(({ key }) => key);
      const inner = rowsOf(scope.of(filter.types), filter.filter);
      if (keys.length === 0) return NOTHING;
      return exact(
        sql`SELECT DISTINCT v.row AS row FROM (${inner}) i CROSS JOIN reference_value v WHERE v.target = i.row AND ${among(sql`v.key`, keys)}`,
      );
    }
    case 'has': {
      const type = scope.of([filter.type]);
      const keys = type.keys(filter.parameter).map(({ key }) => key);
      if (keys.length === 0) return NOTHING;
      const select = sql`SELECT DISTINCT v.target AS row FROM (${rowsOf(type, filter.filter)}) i CROSS JOIN reference_value v WHERE v.row = i.row AND ${among(sql`v.key`, keys)}`;
      return { select, ordered: false, live: false, exact: true };
    }
    case 'compartment':
      return compartmentSource(scope, filter);
    case 'string':
      if (filter.match === 'contains') return undefined;
      return unionOf(matchesOf(scope, filter).map(sourceOfMatch));
    default:
      return unionOf(matchesOf(scope, filter).map(sourceOfMatch));
  }
}

/** The rows that have a value that matches. */
export function sourceOfMatch(match: ValueMatch): Source {
  if (match.where === FALSE) return NOTHING;
  const select = sql`SELECT ${match.ordered ? sql`` : sql`DISTINCT `}v.row AS row FROM ${match.table} v WHERE ${match.where}`;
  return { select, ordered: match.ordered, live: true, exact: true };
}

function exact(select: Sql): Source {
  return { select, ordered: false, live: true, exact: true };
}

function unionOf(sources: readonly (Source | undefined)[]): Source | undefined {
  const found = sources.filter((source) => source !== NOTHING);
  if (found.length === 0) return NOTHING;
  if (!found.every((source) => source !== undefined)) return undefined;
  if (found.length === 1) return found[0];
  return {
    select: sql`SELECT row FROM (${join(
      found.map(({ select }) => select),
      ' UNION ',
    )})`,
    ordered: false,
    live: found.every(({ live }) => live),
    exact: found.every((source) => source.exact),
  };
}

/** By the tokens of a part, which are kept beside the elements; whether the other parts meet in the same element is looked at afterwards. */
function compositeSource(scope: Scope, filter: Extract<Filter, { op: 'composite' }>): Source | undefined {
  const narrow = (part: Filter, index: number): Source | undefined => {
    if (part.op === 'or') return unionOf(part.of.map((item) => narrow(item, index)));
    if (part.op !== 'token') return undefined;
    return sourceOf(scope, { ...part, parameter: beside.part(filter.parameter, index) });
  };
  for (const [index, part] of filter.parts.entries()) {
    const source = narrow(part, index);
    if (source !== undefined) return source === NOTHING ? NOTHING : { ...source, exact: false };
  }
  return undefined;
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
    const select = sql`SELECT DISTINCT v.target AS row FROM reference_value v WHERE v.row = ${owner} AND ${among(sql`v.key`, keys)}`;
    return { select, ordered: false, live: false, exact: true };
  }
  const keys = compartmentKeys(scope, filter.type);
  const refers = sql`SELECT v.row AS row FROM reference_value v WHERE v.target = ${owner} AND ${among(sql`v.key`, keys)}`;
  return { select: sql`SELECT row FROM (SELECT ${owner} AS row UNION ${refers})`, ordered: false, live: false, exact: true };
}
