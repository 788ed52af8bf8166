import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { HistoryPage, HistoryQuery } from '../store.ts';
import { type Sql, all, sql } from './sql.ts';
import type { Row, Statements } from './statements.ts';
import type { Versions } from './stored.ts';

/** Below so many versions since a time, they are found by their time and sorted; else the newest are walked. */
const FEW = 2_000;

/** The tables versions stand in: current ones, and past ones. */
const CURRENT = { table: sql`node`, id: sql`v.id`, seen: sql`v.version > 0` };
const PAST = { table: sql`past`, id: sql`(SELECT n.id FROM node n WHERE n.row = v.row)`, seen: sql`1` };

/** When a past version was replaced. */
const REPLACED = sql`coalesce((SELECT w.updated FROM past w WHERE w.row = v.row AND w.version = v.version + 1), (SELECT n.updated FROM node n WHERE n.row = v.row))`;

/**
 * A page of versions, newest first: current ones and past ones of each type, merged by their place in the order of commits.
 *
 * Fails: throws parameter-invalid for a cursor no page gave
 */
export function historyPage(statements: Statements, versions: Versions, query: HistoryQuery): HistoryPage {
  const after = query.after === undefined ? undefined : parseAfter(query.after);
  const row = query.id === undefined ? undefined : rowOf(statements, query.type, query.id);
  const places =
    row !== undefined ? [sql`v.row = ${row}`] : typesOf(statements, query.type).map((type) => byType(statements, type, query.since));
  const before = after === undefined ? [] : [sql`v.seq < ${after}`];
  const found = places.flatMap((place) => [
    ...select(statements, CURRENT, [place, ...before, ...timesOf(query)], query.count + 1),
    ...select(statements, PAST, [place, ...before, ...timesOf(query), ...stillCurrent(query)], query.count + 1),
  ]);
  found.sort((a, b) => Number(b['seq']) - Number(a['seq']));
  const shown = found.slice(0, query.count).map((version) => versions.of(version));
  const last = shown.at(-1);
  return {
    versions: shown,
    ...(found.length > query.count && last !== undefined ? { next: String(last.seq) } : {}),
    ...(row === undefined || query.since !== undefined || query.at !== undefined ? {} : { total: versionsOf(statements, row) }),
  };
}

function select(statements: Statements, { table, id, seen }: typeof CURRENT, conditions: readonly Sql[], count: number): Row[] {
  const columns = sql`v.seq AS seq, v.type AS type, v.version AS version, v.updated AS updated, v.deleted AS deleted, v.how AS how, v.json AS json, ${id} AS id`;
  const query = sql`SELECT ${columns} FROM ${table} v WHERE ${all([seen, ...conditions])} ORDER BY v.seq DESC LIMIT ${count}`;
  return statements.all(query.text, ...query.values);
}

/** The plus before a column keeps the database from the index by time, or leaves it nothing else. */
function byType(statements: Statements, type: number, since: number | undefined): Sql {
  if (since === undefined) return sql`v.type = ${type}`;
  const few = 'SELECT count(*) AS n FROM (SELECT 1 FROM node WHERE type = ? AND updated >= ? AND version > 0 LIMIT ?)';
  const isFew = Number(statements.get(few, type, since, FEW)?.['n']) < FEW;
  return isFew ? sql`v.type = ${type} AND v.updated >= ${since}` : sql`v.type = ${type} AND +v.updated >= ${since}`;
}

function timesOf({ since, at }: HistoryQuery): Sql[] {
  return [...(since === undefined ? [] : [sql`+v.updated >= ${since}`]), ...(at === undefined ? [] : [sql`+v.updated < ${at.high}`])];
}

/** At some time: of the past versions, those whose successor came after it began. */
function stillCurrent({ at }: HistoryQuery): Sql[] {
  return at === undefined ? [] : [sql`${REPLACED} > ${at.low}`];
}

function typesOf(statements: Statements, name: string | undefined): number[] {
  const found = name === undefined ? statements.all('SELECT type FROM type') : statements.all('SELECT type FROM type WHERE name = ?', name);
  return found.map((row) => Number(row['type']));
}

function rowOf(statements: Statements, type: string | undefined, id: string): number {
  const named = 'SELECT row FROM node WHERE id = ? AND type = (SELECT type FROM type WHERE name = ?)';
  return Number(statements.get(named, id, type ?? '')?.['row'] ?? -1);
}

function versionsOf(statements: Statements, row: number): number {
  return Number(statements.get('SELECT version FROM node WHERE row = ?', row)?.['version'] ?? 0);
}

function parseAfter(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new IssueError(issue('parameter-invalid', { parameter: 'after', reason: 'it is not a cursor of this history' }));
}
