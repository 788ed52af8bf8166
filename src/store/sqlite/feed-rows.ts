import { COUNTS, type FeedCounts, feedName, type FeedTally, MOST_FEEDS, OTHER_FEEDS } from '../feed-tally.ts';
import type { Statements } from './statements.ts';

const ADD = `UPDATE feed SET last_at = coalesce(?, last_at), ${COUNTS.map((name) => `${name} = ${name} + ?`).join(', ')} WHERE sender = ?`;
const SET = `INSERT OR REPLACE INTO feed (last_at, ${COUNTS.join(', ')}, sender) VALUES (?, ${COUNTS.map(() => '?').join(', ')}, ?)`;

/** Adds to what is counted of a sender. `at`: when a message of it came, where one did; UTC ms. */
export function countFeed(statements: Statements, sender: string, at: number | undefined, counts: FeedCounts): void {
  const values = COUNTS.map((name) => counts[name]);
  if (statements.run(ADD, at ?? null, ...values, feedName(sender)) > 0) return;
  const isFull = Number(statements.get('SELECT count(*) AS number FROM feed')?.['number']) >= MOST_FEEDS;
  if (isFull && statements.run(ADD, at ?? null, ...values, OTHER_FEEDS) > 0) return;
  statements.run(SET, at ?? 0, ...values, isFull ? OTHER_FEEDS : feedName(sender));
}

/** Puts counts as another store has them. */
export function putFeeds(statements: Statements, tallies: readonly FeedTally[]): void {
  for (const tally of tallies) statements.run(SET, tally.lastAt, ...COUNTS.map((name) => tally[name]), tally.sender);
}

/** What is counted of every sender. */
export function readFeeds(statements: Statements): FeedTally[] {
  return statements
    .all(`SELECT sender, last_at AS lastAt, ${COUNTS.join(', ')} FROM feed ORDER BY sender`)
    .map((row) => ({ ...(row as unknown as FeedTally) }));
}
