import type { ClientSession } from 'mongodb';
import { normaliseString } from '../../fhir/index-values.ts';
import { countsOf } from '../feed-tally.ts';
import { type Arrival, type MessageRow, type MessageStatus, type Received, UNFINISHED } from '../journal.ts';
import { laneKeysOf } from '../lane-keys.ts';
import type { Collections, MessageDocument } from './collections.ts';
import { noteTurn, takeTurn } from './counter.ts';
import { feedSums } from './feed-documents.ts';
import { keepBytes } from './long-text.ts';
import { messageOwner, messageRow } from './message-row.ts';
import { pendingWrites } from './pending-writes.ts';
import type { Outcome } from './transaction.ts';

/** Keeps messages that arrived together, in one transaction: each gets the next place in the order of arrival, or is counted as a repeat. */
export async function receiveAll(
  arrivals: readonly Arrival[],
  collections: Collections,
  session: ClientSession,
  holder: string,
  known: Set<string>,
): Promise<Outcome<Received[]>> {
  const first = await takeTurn(collections, 'arrival', session);
  let seq = first;
  const pending = pendingWrites(collections, session);
  const rows = new Map<string, MessageRow>();
  const senders = new Set<string>();
  const moved = new Map<MessageStatus, number>();
  const sums = feedSums(collections, known);
  const same = arrivals.map(({ sender, controlId }) => ({ sender, controlId }));
  for await (const document of collections.messages.find({ $or: same }, { session })) {
    senders.add(senderKey(document));
    rows.set(sameKey(document), await messageRow(collections, document, session));
  }
  const received = arrivals.map((arrival): Received => {
    const there = rows.get(sameKey(arrival));
    if (there !== undefined) {
      const row = { ...there, repeats: there.repeats + 1 };
      rows.set(sameKey(arrival), row);
      pending.add(collections.messages, { updateOne: { filter: { _id: row.id }, update: { $inc: { repeats: 1 } } } });
      const counted = there.status === arrival.status ? (arrival.counted ?? []) : [];
      sums.add(arrival.sender, arrival.receivedAt, countsOf('received', 'repeated', ...counted));
      return { kind: 'repeat', row };
    }
    const { raw, kept: as, counted = [], ...rest } = arrival;
    if (as === undefined) sums.add(arrival.sender, arrival.receivedAt, countsOf('received', ...counted));
    seq = as?.seq ?? seq + 1;
    const row: MessageRow = as ?? { ...rest, seq, repeats: 0, attempts: 0 };
    const { id: _id, ack, issues, trace, ...kept } = row;
    const document: MessageDocument = {
      _id,
      ...kept,
      ...(UNFINISHED.includes(row.status) ? { holder, waiting: laneKeysOf(row) } : {}),
      names: row.keys.name.map(normaliseString),
      ...(raw === undefined ? { emptied: true } : {}),
      ...(ack === undefined ? {} : { ack: pending.text(ack, messageOwner(_id, 'ack')) }),
      ...(issues === undefined ? {} : { issues: pending.text(issues, messageOwner(_id, 'issues')) }),
      ...(trace === undefined ? {} : { trace: pending.text(trace, messageOwner(_id, 'trace')) }),
    };
    pending.add(collections.messages, { insertOne: { document } });
    if (raw !== undefined) pending.parts(keepBytes(raw, messageOwner(_id, 'raw')));
    moved.set(row.status, (moved.get(row.status) ?? 0) + 1);
    const reused = senders.has(senderKey(row));
    rows.set(sameKey(row), row);
    senders.add(senderKey(row));
    return { kind: 'new', row, reused };
  });
  if (seq !== first) pending.add(collections.counters, noteTurn('arrival', seq, moved));
  pending.add(collections.counters, ...(await sums.writes('arrival', session)));
  await pending.flush();
  return { answer: received, wrote: true };
}

function sameKey(of: { sender: string; controlId: string; sha256: string }): string {
  return JSON.stringify([of.sender, of.controlId, of.sha256]);
}

function senderKey(of: { sender: string; controlId: string }): string {
  return JSON.stringify([of.sender, of.controlId]);
}
