import { type Sharing, UNFINISHED } from '../journal.ts';
import { laneKeysOf } from '../lane-keys.ts';
import type { Collections } from './collections.ts';
import { translated } from './failure.ts';
import type { LivingGateways } from './living-gateways.ts';
import { messageRow } from './message-row.ts';

const BEAT_MS = 1_000;

/** Which gateway works on which message. */
export function mongoSharing(collections: Collections, living: LivingGateways, holder: string): Sharing {
  const { messages } = collections;
  /** There may be messages that are held here and not worked on: at the start, after taking some over, and until none was found. */
  let owes = true;
  let looked = false;

  /** The index by holder has no row without one; such rows are from before there were holders, and are looked for at the start. */
  async function takeFree(): Promise<void> {
    const free = { $nin: await living.beat(), ...(looked ? { $gt: '' } : {}) };
    if ((await messages.countDocuments({ status: { $in: UNFINISHED }, holder: free }, { limit: 1 })) === 0) return;
    owes = true;
    await messages.updateMany({ status: { $in: UNFINISHED }, holder: free }, { $set: { holder } });
  }

  return {
    everyMs: BEAT_MS,

    takeOver: (count, isAtWork) =>
      translated(async () => {
        await takeFree();
        looked = true;
        if (!owes) return [];
        const held = await messages.find({ holder }, { projection: { _id: 1 }, sort: { seq: 1 } }).toArray();
        const ids = held.flatMap(({ _id: id }) => (isAtWork(id) ? [] : [id])).slice(0, count);
        owes = ids.length > 0;
        const found = await messages.find({ _id: { $in: ids }, status: { $in: UNFINISHED } }, { sort: { seq: 1 } }).toArray();
        return Promise.all(found.map((document) => messageRow(collections, document)));
      }),

    before: (row) =>
      translated(async () => {
        const upToIt = { waiting: { $in: laneKeysOf(row) }, seq: { $lte: row.seq } };
        const found = await messages.findOne(upToIt, { projection: { holder: 1 }, sort: { seq: 1 } });
        if (found === null) return undefined;
        const { _id: id } = found;
        const here = found.holder === holder;
        return here && id === row.id ? undefined : { id, here };
      }),
  };
}
