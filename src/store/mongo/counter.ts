import type { ClientSession } from 'mongodb';
import { Bug } from '../../issue/issue-error.ts';
import type { Collections } from './collections.ts';

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

/** Makes the counters that are not there. */
export async function createCounters(collections: Collections): Promise<void> {
  for (const name of ['commit', 'arrival'] as const)
    await collections.counters.updateOne({ _id: name }, { $setOnInsert: { seq: 0, turn: 0 } }, { upsert: true });
}
