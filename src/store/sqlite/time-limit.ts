import type { DatabaseSync } from 'node:sqlite';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { sql } from './sql.ts';

/** The clock is looked at once in so many rows. */
const ROWS = 256;

const limits = new WeakMap<DatabaseSync, { until: number; rows: number; ms: number }>();

/** A condition that is true of every row until the time of the search is up. */
export const IN_TIME = sql`in_time()`;

/** Gives a connection the function `in_time()`. */
export function addTimeLimit(database: DatabaseSync): void {
  const limit = { until: Infinity, rows: 0, ms: 0 };
  limits.set(database, limit);
  database.function('in_time', () => {
    limit.rows += 1;
    if (limit.rows % ROWS !== 0 || performance.now() < limit.until) return 1;
    throw new IssueError(issue('too-costly', { reason: `it took more than ${limit.ms} ms` }));
  });
}

/** Runs something in which `in_time()` holds for so long. Units: ms. Fails: throws IssueError too-costly */
export function inTime<Given>(database: DatabaseSync, ms: number, work: () => Given): Given {
  const limit = limits.get(database);
  if (limit === undefined) return work();
  Object.assign(limit, { until: performance.now() + ms, ms });
  try {
    return work();
  } finally {
    limit.until = Infinity;
  }
}
