import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { HistoryPage, HistoryQuery } from '../store.ts';
import { type Sql, all, sql } from './sql.ts';
import type { Statements } from './statements.ts';
import type { Versions } from './stored.ts';

/**
 * A page of versions, newest first: current ones and past ones, merged by their place in the order of commits.
 *
 * Fails: throws parameter-invalid for a cursor no page gave
 */
export function historyPage(statements: Statements, versions: Versions, query: HistoryQuery): HistoryPage {
  const after = query.after === undefined ? undefined : parseAfter(query.after);
  const type =
    query.type === undefined ? undefined : Number(statements.get('SELECT type FROM type WHERE name = ?', query.type)?.['type'] ?? -1);
  const row =
    query.id === undefined
      ? undefined
      : Number(statements.get('SELECT row FROM node WHERE id = ? AND type = ?', query.id, type ?? null)?.['row'] ?? -1);
  const common: Sql[] = [
    ...(row !== undefined ? [sql`v.row = ${row}`] : type !== undefined ? [sql`v.type = ${type}`] : []),
    ...(query.since === undefined ? [] : [sql`v.updated >= ${query.since}`]),
    ...(query.at === undefined ? [] : [sql`v.updated <= ${query.at}`]),
    ...(after === undefined ? [] : [sql`v.seq < ${after}`]),
  ];
  const limit = query.count + 1;
  const of = (table: Sql, id: Sql, more: readonly Sql[], count: number): ReturnType<Statements['all']> => {
    const columns = sql`v.seq AS seq, v.type AS type, v.version AS version, v.updated AS updated, v.deleted AS deleted, v.json AS json`;
    const text = sql`SELECT ${columns}, ${id} AS id FROM ${table} v WHERE ${all([...common, ...more])} ORDER BY v.seq DESC LIMIT ${count}`;
    return statements.all(text.text, ...text.values);
  };
  const current = of(sql`node`, sql`v.id`, [sql`v.version > 0`], limit);
  // At a time: of the past versions, those whose successor came later.
  const replaced =
    query.at === undefined
      ? []
      : [
          sql`coalesce((SELECT w.updated FROM past w WHERE w.row = v.row AND w.version = v.version + 1), (SELECT n.updated FROM node n WHERE n.row = v.row)) > ${query.at}`,
        ];
  const past = of(sql`past`, sql`(SELECT n.id FROM node n WHERE n.row = v.row)`, replaced, limit);
  const merged = [...current, ...past].sort((a, b) => Number(b['seq']) - Number(a['seq']));
  const shown = merged.slice(0, query.count).map((found) => versions.of(found));
  const last = shown.at(-1);
  return {
    versions: shown,
    ...(merged.length > query.count && last !== undefined ? { next: String(last.seq) } : {}),
    ...(row === undefined || query.since !== undefined || query.at !== undefined ? {} : { total: totalOf(statements, row) }),
  };
}

function totalOf(statements: Statements, row: number): number {
  return Number(statements.get('SELECT version FROM node WHERE row = ?', row)?.['version'] ?? 0);
}

function parseAfter(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new IssueError(issue('parameter-invalid', { parameter: 'after', reason: 'it is not a cursor of this history' }));
}
