import { normaliseString } from '../../fhir/index-values.ts';
import type { Filter } from '../../fhir/search-query.ts';
import { KIND } from './dictionary.ts';
import { beside, ofTypeCode } from './index-rows.ts';
import { dateIs } from './match-date.ts';
import { numberIs } from './match-number.ts';
import { tokenIs, tokenTextIs } from './match-token.ts';
import { uriIs } from './match-uri.ts';
import type { Key, Scope } from './scope.ts';
import { type Sql, all, among, FALSE, sql, TRUE } from './sql.ts';
import { afterPrefix } from './text-range.ts';

/** Values of one table that a resource must have one of; the alias of the table is `v`. */
export interface ValueMatch {
  readonly table: Sql;
  readonly where: Sql;
  /** One key and one value: rows come in the order of the index, each once. */
  readonly ordered: boolean;
}

/** Filters that are met by having a value in one table. */
export type ValueFilter = Extract<
  Filter,
  { op: 'token' | 'tokenText' | 'ofType' | 'string' | 'date' | 'number' | 'quantity' | 'reference' | 'referenceIdentifier' | 'uri' }
>;

const TABLE = {
  token: sql`token_value`,
  reference: sql`reference_value`,
  uri: sql`uri_value`,
  string: sql`string_value`,
  date: sql`date_value`,
  number: sql`number_value`,
} as const;

/** The match of a filter; several where a parameter's values stand in several tables, any of which will do. */
export function matchesOf(scope: Scope, filter: ValueFilter): ValueMatch[] {
  const { parameter } = filter;
  switch (filter.op) {
    case 'token':
      return [match(scope, 'token', parameter, () => tokenIs(scope, filter.system, filter.code))];
    case 'tokenText':
      return [match(scope, 'token', beside.text(parameter), () => tokenTextIs(scope, filter.value))];
    case 'ofType':
      return [match(scope, 'token', beside.ofType(parameter), () => tokenIs(scope, filter.system, ofTypeCode(filter.code, filter.value)))];
    case 'referenceIdentifier':
      return [match(scope, 'token', beside.identifier(parameter), () => tokenIs(scope, filter.system, filter.value))];
    case 'string':
      return [match(scope, 'string', parameter, () => stringIs(filter.match, filter.value))];
    case 'date':
      return [match(scope, 'date', parameter, (keys) => dateIs([filter], keys))];
    case 'number':
    case 'quantity':
      return [match(scope, 'number', parameter, () => numberIs(scope, filter))];
    case 'uri':
      return [match(scope, 'uri', parameter, () => uriIs(filter))];
    case 'reference':
      return [
        ...(filter.url === undefined ? [] : [match(scope, 'uri', parameter, () => sql`v.value = ${filter.url ?? ''}`)]),
        ...(filter.url !== undefined && filter.id === undefined
          ? []
          : [match(scope, 'reference', parameter, () => targetIs(scope, filter))]),
      ];
  }
}

/** Several filters on one date parameter as one match, where no resource has several dates by it; else undefined. */
export function datesTogether(scope: Scope, filters: readonly Extract<Filter, { op: 'date' }>[]): ValueMatch | undefined {
  const keys = scope.keys(filters[0]?.parameter ?? '');
  if (keys.some((key) => key.many)) return undefined;
  return match(scope, 'date', filters[0]?.parameter ?? '', () => dateIs(filters, keys));
}

/** Every table in which a parameter may have values, with any value at all. */
export function anyValueOf(scope: Scope, parameter: string): ValueMatch[] {
  const names = [parameter, beside.identifier(parameter)];
  return names.flatMap((name) =>
    scope
      .keys(name)
      .flatMap((key) => [
        ...(Object.keys(TABLE) as (keyof typeof TABLE)[])
          .filter((kind) => (key.kinds & KIND[kind]) !== 0)
          .map((kind) => ({ table: TABLE[kind], where: sql`v.key = ${key.key}`, ordered: false })),
        ...((key.kinds & KIND.composite) === 0
          ? []
          : [{ table: sql`composite_value`, where: sql`instr(v.keys, ${`,${key.key},`}) > 0`, ordered: false }]),
      ]),
  );
}

function match(scope: Scope, kind: keyof typeof TABLE, parameter: string, valueIs: (keys: readonly Key[]) => Sql): ValueMatch {
  const keys = scope.keys(parameter).filter((key) => (key.kinds & KIND[kind]) !== 0);
  if (keys.length === 0) return { table: TABLE[kind], where: FALSE, ordered: false };
  const value = valueIs(keys);
  const keyIs = among(
    sql`v.key`,
    keys.map((key) => key.key),
  );
  const single = /^v\.(token|target) = \?$/.test(value.text);
  return { table: TABLE[kind], where: value === FALSE ? FALSE : all([keyIs, value]), ordered: keys.length === 1 && single };
}

function stringIs(how: 'starts' | 'exact' | 'contains', value: string): Sql {
  const folded = normaliseString(value);
  if (how === 'exact') return sql`(v.folded = ${folded} AND v.value = ${value})`;
  if (folded === '') return TRUE;
  if (how === 'contains') return sql`instr(v.folded, ${folded}) > 0`;
  const end = afterPrefix(folded);
  return end === undefined ? sql`v.folded >= ${folded}` : sql`(v.folded >= ${folded} AND v.folded < ${end})`;
}

function targetIs(scope: Scope, { type, id }: { readonly type?: string; readonly id?: string }): Sql {
  if (id !== undefined) return among(sql`v.target`, scope.nodes(type, id));
  if (type === undefined) return TRUE;
  return sql`EXISTS (SELECT 1 FROM node t WHERE t.row = v.target AND t.type = ${scope.type(type)})`;
}
