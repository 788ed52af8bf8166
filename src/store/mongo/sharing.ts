import type { MessageStatus, Sharing } from '../journal.ts';
import { laneKeysOf } from '../lane-keys.ts';
import type { Collections } from './collections.ts';
import { translated } from './failure.ts';
import type { LivingGateways } from './living-gateways.ts';
import { messageRow } from './message-row.ts';

const BEAT_MS = 1_000;

/** The states of a message that is not finished. */
export const UNFINISHED: readonly MessageStatus[] = ['received', 'queued'];

/** Which gateway works on which message. */
export function mongoSharing(collections: Collections, living: LivingGateways, holder: string): Sharing {
  const { messages } = collections;
  let looked = false;

  return {
    everyMs: BEAT_MS,

    takeOver: (count) =>
      translated(async () => {
        // The index by holder has no row without one; such rows are from before there were holders, and are looked for at the start.
        const free = { status: { $in: UNFINISHED }, holder: { $nin: await living.beat(), ...(looked ? { $gt: '' } : {}) } };
        const found = await messages.find(free, { projection: { _id: 1 }, sort: { seq: 1 }, limit: count }).toArray();
        looked ||= found.length === 0;
        if (found.length === 0) return [];
        const ids = found.map(({ _id }) => _id);
        await messages.updateMany({ _id: { $in: ids }, ...free }, { $set: { holder } });
        // Of two gateways that take over at once each gets some.
        const taken = await messages.find({ _id: { $in: ids }, holder }, { sort: { seq: 1 } }).toArray();
        return Promise.all(taken.map((document) => messageRow(collections, document)));
      }),

    before: (row) =>
      translated(async () => {
        const elsewhere = { _id: row.id, holder: { $gt: '', $ne: holder } };
        const earlier = { waiting: { $in: laneKeysOf(row) }, seq: { $lt: row.seq } };
        const options = { projection: { holder: 1 }, sort: { seq: 1 } } as const;
        const found = (await messages.findOne(earlier, options)) ?? (await messages.findOne(elsewhere, options));
        if (found === null) return undefined;
        const { _id: id } = found;
        return { id, here: found.holder === holder };
      }),
  };
}
