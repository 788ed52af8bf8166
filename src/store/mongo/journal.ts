import type { Journal, MessageQuery } from '../journal.ts';
import { normaliseString } from '../../fhir/index-values.ts';
import type { Arrival, Received, Sharing } from '../journal.ts';
import type { Collections } from './collections.ts';
import { beginning, type Condition } from './comparison.ts';
import { messageCounts } from './counter.ts';
import { translated } from './failure.ts';
import { readBytes } from './long-text.ts';
import { messageOwner, messageRow } from './message-row.ts';
import { UNFINISHED } from './sharing.ts';

/** The journal over its collection. */
export function mongoJournal(collections: Collections, receive: (message: Arrival) => Promise<Received>, sharing: Sharing): Journal {
  const { messages } = collections;
  return {
    receive: (message) => translated(() => receive(message)),

    get: (id) =>
      translated(async () => {
        const found = await messages.findOne({ _id: id });
        return found === null ? undefined : messageRow(collections, found);
      }),

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
    sharing,
  };
}

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
