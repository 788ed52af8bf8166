import { type Arrival, type Journal, type MessageQuery, type MessageStatus, type Received, type Sharing, UNFINISHED } from '../journal.ts';
import { normaliseString } from '../../fhir/index-values.ts';
import type { Collections } from './collections.ts';
import { beginning, type Condition } from './comparison.ts';
import { messageCounts } from './counter.ts';
import { translated } from './failure.ts';
import { readFeeds } from './feed-documents.ts';
import { readBytes } from './long-text.ts';
import type { LookUps } from './look-ups.ts';
import { messageOwner, messageRow } from './message-row.ts';

/** The journal over its collection. */
export function mongoJournal(
  collections: Collections,
  look: LookUps,
  receive: (message: Arrival) => Promise<Received>,
  sharing: Sharing,
): Journal {
  const { messages } = collections;
  return {
    receive: (message) => translated(() => receive(message)),

    get: (id) => translated(async () => (await look.messages([id])).get(id)),

    raw: (id) => translated(() => readBytes(collections, messageOwner(id, 'raw'))),

    search: (query) =>
      translated(async () => {
        const found = await messages.find(conditionOf(query), { sort: { seq: -1 }, limit: query.count + 1 }).toArray();
        const rows = await Promise.all(found.slice(0, query.count).map((document) => messageRow(collections, document)));
        const last = rows.at(-1);
        return found.length > rows.length && last !== undefined ? { rows, next: last.seq } : { rows };
      }),

    pending: (after, count) =>
      translated(async () => {
        const waiting = { status: { $in: UNFINISHED }, seq: { $gt: after } };
        const found = await messages.find(waiting, { sort: { seq: 1 }, limit: count }).toArray();
        return Promise.all(found.map((document) => messageRow(collections, document)));
      }),

    list: (after, count) =>
      translated(async () => {
        const found = await messages.find({ seq: { $gt: after } }, { sort: { seq: 1 }, limit: count }).toArray();
        return Promise.all(found.map((document) => messageRow(collections, document)));
      }),

    counts: () => translated(() => messageCounts(collections)),

    feeds: () => translated(() => readFeeds(collections)),

    forgettable: ({ what, before, count }) =>
      translated(async () => {
        const old = { status: { $in: ENDED }, receivedAt: { $lt: before }, ...(what === 'row' ? {} : { emptied: { $exists: false } }) };
        const projection = { status: 1, receivedAt: 1 } as const;
        const found = await messages.find(old, { sort: { receivedAt: 1 }, limit: count, projection }).toArray();
        const bytes = await bytesOf(
          collections,
          found.map(({ _id }) => _id),
        );
        return found.map(({ _id: id, status, receivedAt }) => ({ id, status, receivedAt, bytes: bytes.get(id) ?? 0 }));
      }),

    weigh: (after, count) =>
      translated(async () => {
        const some = { seq: { $gt: after }, emptied: { $exists: false } };
        const found = await messages.find(some, { sort: { seq: 1 }, limit: count, projection: { seq: 1 } }).toArray();
        const bytes = await bytesOf(
          collections,
          found.map(({ _id }) => _id),
        );
        return { bytes: [...bytes.values()].reduce((sum, one) => sum + one, 0), last: found.at(-1)?.seq ?? after };
      }),
    sharing,
  };
}

/** How long the bytes of messages are, by id; none where they are forgotten. */
async function bytesOf({ parts }: Collections, ids: readonly string[]): Promise<Map<string, number>> {
  const owners = new Map(ids.map((id) => [messageOwner(id, 'raw'), id]));
  const bytes = new Map<string, number>();
  const sums = parts.aggregate<{ _id: string; bytes: number }>([
    { $match: { owner: { $in: [...owners.keys()] } } },
    { $group: { _id: '$owner', bytes: { $sum: { $binarySize: '$data' } } } },
  ]);
  for await (const { _id: owner, bytes: sum } of sums) bytes.set(owners.get(owner) ?? owner, sum);
  return bytes;
}

const ENDED: MessageStatus[] = ['processed', 'filtered', 'rejected'];

function conditionOf(query: MessageQuery): Condition {
  const name = query.name === undefined ? undefined : normaliseString(query.name);
  const times = { ...(query.from === undefined ? {} : { $gte: query.from }), ...(query.to === undefined ? {} : { $lt: query.to }) };
  return {
    ...(query.status === undefined ? {} : { status: query.status }),
    ...(query.sender === undefined ? {} : { sender: query.sender }),
    ...(query.controlId === undefined ? {} : { controlId: query.controlId }),
    ...(query.mrn === undefined ? {} : { 'keys.mrn': query.mrn }),
    ...(query.visit === undefined ? {} : { 'keys.visit': query.visit }),
    ...(query.order === undefined ? {} : { 'keys.order': query.order }),
    ...(name === undefined ? {} : { names: beginning(name) }),
    ...(Object.keys(times).length === 0 ? {} : { receivedAt: times }),
    ...(query.before === undefined ? {} : { seq: { $lt: query.before } }),
  };
}
