import type { AnyBulkWriteOperation, ClientSession } from 'mongodb';
import { COUNTS, countsOf, type FeedCounts, feedName, type FeedTally, MOST_FEEDS, OTHER_FEEDS, plus } from '../feed-tally.ts';
import type { Collections, CounterDocument } from './collections.ts';

/** What the transactions of a group add to what is counted of senders. */
export interface FeedSums {
  /** `at`: when a message of it came, where one did; UTC ms. */
  add(sender: string, at: number | undefined, counts: FeedCounts): void;
  /** The writes that add it; part of a transaction that has the turn. */
  writes(counter: 'commit' | 'arrival', session: ClientSession): Promise<AnyBulkWriteOperation<CounterDocument>[]>;
}

/**
 * Sums for one transaction. Senders are counted beside the counter whose turn the transaction has, so that none waits for another; what is
 * shown is the sum of both. `known`: the senders that were met, kept from one transaction to the next.
 */
export function feedSums({ counters }: Collections, known: Set<string>): FeedSums {
  const sums = new Map<string, { at: number | undefined; counts: FeedCounts }>();

  async function nameOf(sender: string, session: ClientSession): Promise<string> {
    if (known.has(sender)) return sender;
    const all = counters.find({ sender: { $exists: true } }, { projection: { sender: 1 }, session });
    for await (const { sender: name = '' } of all) known.add(name);
    if (!known.has(sender) && known.size >= MOST_FEEDS) return OTHER_FEEDS;
    known.add(sender);
    return sender;
  }

  return {
    add(sender, at, counts) {
      const name = feedName(sender);
      const before = sums.get(name) ?? { at: undefined, counts: countsOf() };
      sums.set(name, { at: at ?? before.at, counts: plus(before.counts, counts) });
    },
    async writes(counter, session) {
      const writes: AnyBulkWriteOperation<CounterDocument>[] = [];
      for (const [name, { at, counts }] of sums) {
        const sender = await nameOf(name, session);
        const changed = COUNTS.flatMap((count) => (counts[count] === 0 ? [] : [[`feed.${count}`, counts[count]]]));
        const update = { $set: { sender, ...(at === undefined ? {} : { lastAt: at }) }, $inc: Object.fromEntries(changed) };
        writes.push({ updateOne: { filter: { _id: `${counter} ${sender}` }, update, upsert: true } });
      }
      return writes;
    },
  };
}

/** Writes that put counts as another store has them. */
export function keepFeeds(tallies: readonly FeedTally[]): AnyBulkWriteOperation<CounterDocument>[] {
  return tallies.map(({ sender, lastAt, ...feed }) => ({
    updateOne: { filter: { _id: `arrival ${sender}` }, update: { $set: { sender, lastAt, feed } }, upsert: true },
  }));
}

/** What is counted of every sender. */
export async function readFeeds({ counters }: Collections): Promise<FeedTally[]> {
  const tallies = new Map<string, FeedTally>();
  for await (const { sender = '', lastAt = 0, feed } of counters.find({ sender: { $exists: true } }, { sort: { sender: 1 } })) {
    const before = tallies.get(sender);
    const counts = plus(before ?? countsOf(), { ...countsOf(), ...feed });
    tallies.set(sender, { ...counts, sender, lastAt: Math.max(lastAt, before?.lastAt ?? 0) });
  }
  return [...tallies.values()];
}
