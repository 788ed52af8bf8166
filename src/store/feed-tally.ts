/** What is counted of the messages of one sender, beside how many came. */
export type Counted = 'accepted' | 'failed' | 'rejected' | 'merged';

/** What became of the messages of one sender. */
export interface FeedCounts extends Readonly<Record<Counted, number>> {
  /** Messages that came, repeats among them. */
  readonly received: number;
  readonly repeated: number;
}

/** The counts of one sender over all starts: each step of a message and what it adds are one transaction, and forgetting takes nothing away. */
export interface FeedTally extends FeedCounts {
  /** MSH-3 and MSH-4. Shape: LABSYS|GENHOSP */
  readonly sender: string;
  /** When its last message came. UTC ms; 0: none since this is counted. */
  readonly lastAt: number;
}

/** The counts, in the order they are kept. */
export const COUNTS = ['received', 'repeated', 'accepted', 'failed', 'rejected', 'merged'] as const satisfies readonly (keyof FeedCounts)[];

/** Senders are named by messages: names without number must fill neither memory nor disk. */
export const MOST_FEEDS = 200;
/** Where those are counted that are too many. */
export const OTHER_FEEDS = 'other';
const LONGEST_NAME = 128;

/** The name a sender is counted by. */
export function feedName(sender: string): string {
  return sender.slice(0, LONGEST_NAME);
}

/** Counts, all zero but for those named, which are one. */
export function countsOf(...counted: readonly (keyof FeedCounts)[]): FeedCounts {
  const counts = { received: 0, repeated: 0, accepted: 0, failed: 0, rejected: 0, merged: 0 };
  for (const name of counted) counts[name] = 1;
  return counts;
}

/** The sum of counts. */
export function plus(one: FeedCounts, other: FeedCounts): FeedCounts {
  const sum = { ...one };
  for (const name of COUNTS) sum[name] += other[name];
  return sum;
}
