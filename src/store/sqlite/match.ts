import { normaliseString } from '../../fhir/index-values.ts';
import type { Filter } from '../../fhir/search-query.ts';
import { KIND } from './dictionary.ts';
import { beside, ofTypeCode } from './index-rows.ts';
import { compositeIs } from './match-composite.ts';
import { dateIs, dateWays } from './match-date.ts';
import { numberIs } from './match-number.ts';
import { tokenIs, tokenTextIs, uriIs } from './match-token.ts';
import type { Key, Scope } from './scope.ts';
import { type Sql, all, among, FALSE, sql, TRUE } from './sql.ts';
import { afterPrefix } from '../text-range.ts';

/** Values of one table that a resource must have one of; the alias of the table is `v`. */
export interface ValueMatch {
  readonly table: Table;
  /** Under which keys. */
  readonly keys: readonly number[];
  /** What the value must be: one of these numbers in the table's column of names, or a condition. */
  readonly value: readonly number[] | Sql;
  /** Conditions that together find what `value` finds, each in the order of an index; without them `value` is one. */
  readonly ways?: readonly Sql[];
  /** One value of which no resource has two: its rows come in the order of the index, each once. */
  readonly once: boolean;
}

type Table = keyof typeof TABLES;

/** The tables of values, with the column that holds the number of a name. */
const TABLES = {
  token: { name: sql`token_value`, column: sql`v.token` },
  reference: { name: sql`reference_value`, column: sql`v.target` },
  string: { name: sql`string_value`, column: sql`v.folded` },
  date: { name: sql`date_value`, column: sql`v.low` },
  number: { name: sql`number_value`, column: sql`v.value` },
  composite: { name: sql`composite_value`, column: sql`v.token` },
} as const;

/** Filters that are met by having a value in one table. */
export type ValueFilter = Extract<
  Filter,
  {
    op:
      | 'token'
      | 'tokenText'
      | 'ofType'
      | 'string'
      | 'date'
      | 'number'
      | 'quantity'
      | 'reference'
      | 'referenceIdentifier'
      | 'uri'
      | 'composite';
  }
>;

/** The table of a match. */
export function tableOf(match: ValueMatch): Sql {
  return TABLES[match.table].name;
}

/** What must hold of the value of a match, beside its key. */
export function valueOf({ table, value }: ValueMatch): Sql {
  return 'text' in value ? value : among(TABLES[table].column, value);
}

/** The match of a filter; several where a parameter's values stand in several tables, any of which will do. */
export function matchesOf(scope: Scope, filter: ValueFilter): ValueMatch[] {
  const { parameter } = filter;
  switch (filter.op) {
    case 'token':
      return matches(scope, 'token', parameter, () => tokenIs(scope, filter.system, filter.code));
    case 'tokenText':
      return matches(scope, 'token', beside.text(parameter), () => tokenTextIs(scope, filter.value));
    case 'ofType':
      return matches(scope, 'token', beside.ofType(parameter), () => tokenIs(scope, filter.system, ofTypeCode(filter.code, filter.value)));
    case 'referenceIdentifier':
      return matches(scope, 'token', beside.identifier(parameter), () => tokenIs(scope, filter.system, filter.value));
    case 'uri':
      return matches(scope, 'token', beside.uri(parameter), () => uriIs(scope, filter));
    case 'string':
      return matches(scope, 'string', parameter, () => stringIs(filter.match, filter.value));
    case 'date':
      return matches(scope, 'date', parameter, (keys) => ({ value: dateIs([filter]), ways: dateWays([filter], keys) }));
    case 'number':
    case 'quantity':
      return matches(scope, 'number', parameter, () => numberIs(scope, filter));
    case 'composite':
      return matches(scope, 'composite', parameter, () => compositeIs(scope, filter));
    case 'reference':
      return [
        ...(filter.url === undefined ? [] : matches(scope, 'token', beside.uri(parameter), () => tokenIs(scope, '', filter.url))),
        ...(filter.url !== undefined && filter.id === undefined
          ? []
          : matches(scope, 'reference', parameter, () => targetIs(scope, filter))),
      ];
  }
}

/** Several filters on one date parameter as one match, where no resource has several dates by it; else undefined. */
export function datesTogether(scope: Scope, filters: readonly Extract<Filter, { op: 'date' }>[]): ValueMatch[] | undefined {
  const [first] = filters;
  if (first === undefined || scope.keys(first.parameter).some((key) => key.many)) return undefined;
  return matches(scope, 'date', first.parameter, (keys) => ({ value: dateIs(filters), ways: dateWays(filters, keys) }));
}

/** Every table in which a parameter may have values, with any value at all. */
export function anyValueOf(scope: Scope, parameter: string): ValueMatch[] {
  return [parameter, beside.identifier(parameter), beside.uri(parameter)].flatMap((name) =>
    (Object.keys(TABLES) as Table[]).flatMap((table) => matches(scope, table, name, () => TRUE)),
  );
}

/** Matches of the same table and keys as one, whose value may be one of all the numbers. */
export function merged(matches: readonly ValueMatch[]): ValueMatch[] {
  const found = new Map<string, ValueMatch>();
  for (const match of matches) {
    const place = 'text' in match.value ? String(found.size) : `${match.table} ${match.keys.join(' ')}`;
    const same = found.get(place);
    if (same === undefined) found.set(place, match);
    else found.set(place, { ...match, value: [...new Set([...(same.value as number[]), ...(match.value as number[])])], once: false });
  }
  return [...found.values()];
}

type Value = ValueMatch['value'];

/** A value with what else its kind knows of how to find it. */
interface Found {
  readonly value: Value;
  readonly ways?: readonly Sql[];
  readonly once?: boolean;
}

function matches(scope: Scope, table: Table, parameter: string, valueIs: (keys: readonly Key[]) => Value | Found): ValueMatch[] {
  const keys = scope.keys(parameter).filter((key) => (key.kinds & KIND[table]) !== 0);
  if (keys.length === 0) return [];
  const given = valueIs(keys);
  const found: Found = 'value' in given ? given : { value: table === 'token' ? met(scope, keys, given) : given };
  const { value } = found;
  if (value === FALSE || ('length' in value && value.length === 0)) return [];
  const once = (found.once ?? ('length' in value && value.length === 1)) && !keys.some((key) => key.many);
  return [{ ...found, table, keys: keys.map(({ key }) => key), once }];
}

/** Of a few tokens those that are there under a key: one code of several systems is mostly met in one, and one token keeps the order of the index. */
function met(scope: Scope, keys: readonly Key[], tokens: Value): Value {
  if ('text' in tokens || tokens.length < 2 || tokens.length > FEW) return tokens;
  const is = among(
    sql`v.key`,
    keys.map(({ key }) => key),
  );
  const query = sql`SELECT t.value AS token FROM json_each(${JSON.stringify(tokens)}) t WHERE EXISTS (SELECT 1 FROM token_value v WHERE ${is} AND v.token = t.value)`;
  return scope.statements.all(query.text, ...query.values).map((row) => Number(row['token']));
}

const FEW = 16;

function stringIs(how: 'starts' | 'exact' | 'contains', value: string): Sql {
  const folded = normaliseString(value);
  if (how === 'exact') return sql`(v.folded = ${folded} AND v.value = ${value})`;
  if (folded === '') return TRUE;
  if (how === 'contains') return sql`instr(v.folded, ${folded}) > 0`;
  const end = afterPrefix(folded);
  return end === undefined ? sql`v.folded >= ${folded}` : all([sql`v.folded >= ${folded}`, sql`v.folded < ${end}`]);
}

function targetIs(scope: Scope, { type, id }: { readonly type?: string; readonly id?: string }): Value {
  if (id !== undefined) return scope.nodes(type, id);
  if (type === undefined) return TRUE;
  return sql`EXISTS (SELECT 1 FROM node t WHERE t.row = v.target AND t.type = ${scope.type(type)})`;
}
