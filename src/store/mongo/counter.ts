import type { AnyBulkWriteOperation, ClientSession } from 'mongodb';
import { Bug } from '../../issue/issue-error.ts';
import type { FeedCounts } from '../feed-tally.ts';
import type { MessageStatus } from '../journal.ts';
import type { Collections, CounterDocument } from './collections.ts';

/**
 * The last number given out, and the right to give out the next until the transaction ends.
 *
 * To be the first thing a transaction does: of two that take a turn at once one fails at once, having done nothing else, and begins again.
 * So commits are in the order of their numbers, no number becomes visible after a greater one, and what one transaction checked no other
 * has changed when it commits.
 */
export async function takeTurn(collections: Collections, counter: 'commit' | 'arrival', session: ClientSession): Promise<number> {
  const taken = await collections.counters.findOneAndUpdate({ _id: counter }, { $inc: { turn: 1 } }, { session, returnDocument: 'after' });
  if (taken === null) throw new Bug(`the counter ${counter} is gone`);
  return taken.seq;
}

/** Notes the last number given out and what became of how many messages; part of the transaction that took the turn. */
export function noteTurn(
  counter: 'commit' | 'arrival',
  seq: number,
  moved: ReadonlyMap<MessageStatus, number>,
): AnyBulkWriteOperation<CounterDocument> {
  const counts = Object.fromEntries([...moved].filter(([, by]) => by !== 0).map(([status, by]) => [`counts.${status}`, by]));
  const update = { $set: { seq }, ...(Object.keys(counts).length === 0 ? {} : { $inc: counts }) };
  return { updateOne: { filter: { _id: counter }, update } };
}

/** How many messages have each status. */
export async function messageCounts(collections: Collections): Promise<Record<MessageStatus, number>> {
  const all = { received: 0, queued: 0, processed: 0, filtered: 0, error: 0, rejected: 0 };
  for await (const { counts } of collections.counters.find({ _id: { $in: ['commit', 'arrival'] } }))
    for (const status of Object.keys(all) as MessageStatus[]) all[status] += counts?.[status] ?? 0;
  return all;
}

/** Makes the counters that are not there; those of senders were documents of their own once. */
export async function createCounters({ counters, documents }: Collections): Promise<void> {
  for (const name of ['commit', 'arrival'] as const)
    await counters.updateOne({ _id: name }, { $setOnInsert: { seq: 0, turn: 0 } }, { upsert: true });
  const once = await documents.find({ kind: 'feed' }).toArray();
  for (const { _id, key: sender, json } of once) {
    const { lastAt = 0, ...feed } = JSON.parse(json as string) as FeedCounts & { lastAt?: number };
    await counters.updateOne({ _id: `arrival ${sender}` }, { $setOnInsert: { sender, lastAt, feed } }, { upsert: true });
    await documents.deleteOne({ _id });
  }
}
