import type { SortKey } from '../../fhir/search-query.ts';
import type { Cursor } from './cursor.ts';
import { KIND } from './dictionary.ts';
import type { Scope } from './scope.ts';
import { type Sql, all, among, join, sql } from './sql.ts';
import type { Row } from './statements.ts';

/** What a walk is to find: rows d.row that meet a condition, from a cursor on. */
interface Walk {
  readonly where: Sql;
  readonly cursor: Cursor | undefined;
  readonly limit: number;
}

/** A table whose index by value gives the order: the column sorted by, and what tells several equal values of one resource apart. */
interface Ordered {
  readonly kind: number;
  readonly table: Sql;
  readonly column: string;
  readonly tie: string;
}

/** In the order in which sortValueOf looks for them. */
const ORDERED: readonly Ordered[] = [
  { kind: KIND.date, table: sql`date_value`, column: 'low', tie: 'high' },
  { kind: KIND.string, table: sql`string_value`, column: 'folded', tie: 'part' },
  { kind: KIND.number, table: sql`number_value`, column: 'value', tie: 'part' },
];

/**
 * How to walk everything in the order of one key by an index, left as soon as the page is full, instead of sorting it all; undefined where no
 * index has the order.
 */
export function walkOf(scope: Scope, key: SortKey): ((walk: Walk) => Row[]) | undefined {
  if (key.parameter === '_lastUpdated') return scope.types.length === 1 ? (walk) => byLastUpdated(scope, key, walk) : undefined;
  const found = scope.keys(key.parameter);
  const ordered = ORDERED.find(({ kind }) => found.some((one) => (one.kinds & kind) !== 0));
  if (scope.types.length !== 1 || ordered === undefined) return undefined;
  const keys = found.map((one) => one.key);
  return (walk) => {
    const first = walk.cursor?.values[0] === null ? [] : withValue(scope, key, keys, ordered, walk);
    const left = walk.limit - first.length;
    return left === 0 ? first : [...first, ...withoutValue(scope, keys, ordered, { ...walk, limit: left })];
  };
}

function byLastUpdated(scope: Scope, key: SortKey, { where, cursor, limit }: Walk): Row[] {
  const place = beyond(sql`d.updated`, key, cursor);
  const order = key.descending ? sql`d.updated DESC, d.row DESC` : sql`d.updated, d.row DESC`;
  const conditions = all([among(sql`d.type`, scope.types), sql`+d.deleted = 0`, sql`d.version > 0`, where, ...place]);
  return run(scope, sql`SELECT d.row AS row, d.updated AS s0 FROM node d WHERE ${conditions} ORDER BY ${order} LIMIT ${limit}`);
}

/** Each resource once, at the lowest of its values, or the highest where the order descends. The keys' indexes are merged in their order. */
function withValue(
  scope: Scope,
  key: SortKey,
  keys: readonly number[],
  { kind, table, column, tie }: Ordered,
  { where, cursor, limit }: Walk,
): Row[] {
  const [mine, other] = [text(`d.${column}`), text(`w.${column}`)];
  const better = key.descending ? sql`${other} > ${mine}` : sql`${other} < ${mine}`;
  // A number without a fraction is kept as an integer, and one beyond 2^53 could then not be read as a number.
  const given = kind === KIND.string ? mine : sql`CAST(${mine} AS REAL)`;
  const twin = sql`${other} = ${mine} AND ${text(`w.${tie} < d.${tie}`)}`;
  const first = sql`NOT EXISTS (SELECT 1 FROM ${table} w WHERE w.row = d.row AND ${among(sql`+w.key`, keys)} AND (+${better} OR +${twin}))`;
  const conditions = all([...beyond(mine, key, cursor), first, where]);
  const selects = keys.map(
    (one) => sql`SELECT d.row AS row, ${given} AS s0, ${mine} AS place FROM ${table} d WHERE d.key = ${one} AND ${conditions}`,
  );
  const order = key.descending ? sql`place DESC, row DESC` : sql`place, row DESC`;
  return run(scope, sql`SELECT row, s0 FROM (${join(selects, ' UNION ALL ')} ORDER BY ${order} LIMIT ${limit})`);
}

/** Those without a value come last, newest first. */
function withoutValue(scope: Scope, keys: readonly number[], { table }: Ordered, { where, cursor, limit }: Walk): Row[] {
  const place = cursor?.values[0] === null ? [sql`d.row < ${cursor.row}`] : [];
  const none = sql`NOT EXISTS (SELECT 1 FROM ${table} w WHERE w.row = d.row AND ${among(sql`w.key`, keys)})`;
  const conditions = all([among(sql`d.type`, scope.types), sql`d.deleted = 0`, ...place, none, where]);
  return run(scope, sql`SELECT d.row AS row, NULL AS s0 FROM node d WHERE ${conditions} ORDER BY d.row DESC LIMIT ${limit}`);
}

function beyond(column: Sql, key: SortKey, cursor: Cursor | undefined): Sql[] {
  const value = cursor?.values[0];
  if (cursor === undefined || value === undefined) return [];
  return key.descending
    ? [sql`${column} <= ${value}`, sql`(+${column} < ${value} OR d.row < ${cursor.row})`]
    : [sql`${column} >= ${value}`, sql`(+${column} > ${value} OR d.row < ${cursor.row})`];
}

function text(name: string): Sql {
  return { text: name, values: [] };
}

function run(scope: Scope, query: Sql): Row[] {
  return scope.statements.all(query.text, ...query.values);
}
