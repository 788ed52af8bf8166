import type { MessageStatus, Sharing } from '../journal.ts';
import { laneKeysOf } from '../lane-keys.ts';
import type { Collections } from './collections.ts';
import { translated } from './failure.ts';
import { messageRow } from './message-row.ts';

/** How long a gateway that says nothing is taken to live. Units: ms */
const LEASE_MS = 5_000;
const BEAT_MS = 1_000;

/** The states of a message that is not finished. */
export const UNFINISHED: readonly MessageStatus[] = ['received', 'queued'];

/** How a gateway shares the journal, and how it takes its leave: what it holds is then free at once. */
export interface MongoSharing extends Sharing {
  leave(): Promise<void>;
}

/**
 * Which gateway works on which message. Whether one lives is told by the server's clock alone (`$currentDate`): what the clocks of the
 * gateways say does not matter. A gateway of which nothing is known does not live.
 */
export function mongoSharing({ gateways, messages, ...collections }: Collections, holder: string): MongoSharing {
  let joined = false;
  let looked = false;

  /** The gateways that live, this one among them. */
  async function beat(): Promise<string[]> {
    joined = true;
    const own = await gateways.findOneAndUpdate(
      { _id: holder },
      { $currentDate: { seen: true } },
      { upsert: true, returnDocument: 'after' },
    );
    const since = new Date((own?.seen.getTime() ?? 0) - LEASE_MS);
    const alive = await gateways.find({ seen: { $gte: since } }).toArray();
    return alive.map(({ _id }) => _id);
  }

  return {
    everyMs: BEAT_MS,

    takeOver: (count) =>
      translated(async () => {
        // The index by holder has no row without one; such rows are from before there were holders, and are looked for at the start.
        const free = { status: { $in: UNFINISHED }, holder: { $nin: await beat(), ...(looked ? { $gt: '' } : {}) } };
        const found = await messages.find(free, { projection: { _id: 1 }, sort: { seq: 1 }, limit: count }).toArray();
        looked ||= found.length === 0;
        if (found.length === 0) return [];
        const ids = found.map(({ _id }) => _id);
        await messages.updateMany({ _id: { $in: ids }, ...free }, { $set: { holder } });
        // Of two gateways that take over at once each gets some.
        const taken = await messages.find({ _id: { $in: ids }, holder }, { sort: { seq: 1 } }).toArray();
        return Promise.all(taken.map((document) => messageRow({ gateways, messages, ...collections }, document)));
      }),

    before: (row) =>
      translated(async () => {
        const elsewhere = { _id: row.id, holder: { $gt: '', $ne: holder } };
        const earlier = { waiting: { $in: laneKeysOf(row) }, seq: { $lt: row.seq } };
        const options = { projection: { holder: 1 }, sort: { seq: 1 } } as const;
        const found = (await messages.findOne(earlier, options)) ?? (await messages.findOne(elsewhere, options));
        return found === null ? undefined : { id: found._id, here: found.holder === holder };
      }),

    async leave() {
      if (joined) await gateways.deleteOne({ _id: holder }, { timeoutMS: 2_000 }).catch(() => undefined);
    },
  };
}
