import type { IndexValues } from '../../fhir/index-values.ts';
import type { Resource } from '../../fhir/resource.ts';
import type { Filter } from '../../fhir/search-query.ts';
import { howMade } from '../how-made.ts';
import { type Forgetting, type MessageStatus, UNFINISHED } from '../journal.ts';
import type { Change, Commit, StoredVersion, Write } from '../store.ts';
import { countsOf } from '../feed-tally.ts';
import type { Collections, KeptText, MessageDocument } from './collections.ts';
import { type FeedSums, keepFeeds } from './feed-documents.ts';
import { indexDocument, type IndexDocument } from './index-document.ts';
import { documentId, documentOwner, type KeptState } from './kept-state.ts';
import { messageOwner } from './message-row.ts';
import type { PendingWrites } from './pending-writes.ts';
import { storedVersion, textOwner, versionText } from './version.ts';

/** A change with what its resources are found by, taken out before the transaction: nobody waits for the turn meanwhile. */
export interface PreparedChange {
  readonly change: Change;
  /** One for each write. */
  readonly indexes: readonly IndexDocument[];
}

/** A change made ready; what is deleted is found by nothing. */
export function prepareChange(change: Change, extract: (resource: Resource) => IndexValues): PreparedChange {
  const indexes = (change.writes ?? []).map(({ resource }) => (resource === undefined ? {} : indexDocument(extract(resource as Resource))));
  return { change, indexes };
}

/** What applying a change needs beside the change. */
export interface Applying {
  readonly collections: Collections;
  readonly state: KeptState;
  readonly pending: PendingWrites;
  readonly now: () => number;
  /** This gateway: a message that another one works on is a conflict. */
  readonly holder: string;
  /** Ids of the resources of a type that meet a filter, `most` at most, within the transaction. */
  readonly find: (type: string, filter: Filter, most: number) => Promise<readonly string[]>;
  /** The last number given out. */
  seq: number;
  /** How many messages came into a status, less those that left it. */
  readonly moved: Map<MessageStatus, number>;
  readonly feeds: FeedSums;
}

/** One change: checked whole, then written whole; on a conflict nothing is written. */
export async function applyChange({ change, indexes }: PreparedChange, on: Applying): Promise<Commit> {
  const conflict = conflictOf(change, on) ?? placeConflict(change, on) ?? (await guardConflict(change, on));
  if (conflict !== undefined) return { ok: false, ...conflict };
  const versions = (change.writes ?? []).map((write, at) => applyWrite(write, indexes[at] ?? {}, on));
  applyClaims(change, on);
  applyDocuments(change, on);
  applyMessages(change, on);
  eraseResources(change, on);
  on.pending.add(on.collections.counters, ...keepFeeds(change.feeds ?? []));
  return { ok: true, seq: on.seq, versions };
}

type Conflict = { conflict: 'version' | 'claim' | 'guard' | 'document' | 'message'; subject: string };

function conflictOf(change: Change, { state, holder }: Applying): Conflict | undefined {
  for (const { type, id, expected, resource } of change.writes ?? []) {
    const version = state.resources.get(`${type}/${id}`)?.ver ?? 0;
    if ((expected !== undefined && expected !== version) || (resource === undefined && version === 0))
      return { conflict: 'version', subject: `${type}/${id}` };
  }
  for (const { key, expected } of change.claims ?? []) if (state.claims.get(key) !== expected) return { conflict: 'claim', subject: key };
  for (const document of change.documents ?? []) {
    if (document.expected === undefined) continue;
    const kept = state.documents.get(documentId(document));
    if (document.expected === null ? kept !== undefined : kept?.text !== document.expected)
      return { conflict: 'document', subject: `${document.kind}/${document.key}` };
  }
  for (const { id, from } of change.messages ?? []) {
    const message = state.messages.get(id);
    if (message === undefined || !from.includes(message.status) || (message.holder ?? holder) !== holder)
      return { conflict: 'message', subject: id };
  }
  return undefined;
}

/** A version that keeps its place must stand behind every other. */
function placeConflict(change: Change, { seq }: Applying): Conflict | undefined {
  let last = seq;
  for (const { type, id, kept } of change.writes ?? []) {
    if (kept !== undefined && kept.seq <= last) return { conflict: 'version', subject: `${type}/${id}` };
    last = kept?.seq ?? last + 1;
  }
  return undefined;
}

async function guardConflict(change: Change, on: Applying): Promise<Conflict | undefined> {
  for (const { type, filter, key, ids } of change.guards ?? []) {
    await on.pending.flush();
    const found = await on.find(type, filter, ids.length + 1);
    const expected = new Set(ids);
    if (found.length !== expected.size || found.some((id) => !expected.has(id))) return { conflict: 'guard', subject: key };
  }
  return undefined;
}

function applyWrite(write: Write, ix: IndexDocument, on: Applying): StoredVersion {
  const { type, id, resource, kept } = write;
  const { collections, pending, state } = on;
  const name = `${type}/${id}`;
  const before = state.resources.get(name);
  if (resource === undefined && before?.deleted === true) return storedVersion(before, '');
  const seq = kept?.seq ?? on.seq + 1;
  on.seq = seq;
  const ver = (before?.ver ?? 0) + 1;
  const lu = kept?.lastUpdated ?? Math.max(on.now(), before?.lu ?? 0);
  const json = resource === undefined ? '' : (kept?.json ?? versionText(resource, id, ver, lu));
  const res = pending.text(json, textOwner(type, id, ver));
  const document = {
    _id: name,
    type,
    id,
    ver,
    lu,
    seq,
    born: before?.born ?? seq,
    deleted: resource === undefined,
    ...howMade(write, before),
    res,
  };
  if (before !== undefined) {
    const { born: _born, ...superseded } = before;
    pending.add(collections.history, { insertOne: { document: { ...superseded, _id: `${name}/${before.ver}`, until: lu } } });
  }
  // One kind of operation for first and later versions: a bulk of one kind is one command.
  pending.add(collections.resources, { replaceOne: { filter: { _id: name }, replacement: { ...document, ix }, upsert: true } });
  state.resources.set(name, document);
  return storedVersion(document, json);
}

function applyClaims(change: Change, { collections, pending, state }: Applying): void {
  for (const { key, owner, expected } of change.claims ?? []) {
    if (owner === undefined) {
      state.claims.delete(key);
      pending.add(collections.claims, { deleteOne: { filter: { _id: key } } });
    } else {
      state.claims.set(key, owner);
      const write =
        expected === undefined
          ? { insertOne: { document: { _id: key, owner } } }
          : { updateOne: { filter: { _id: key }, update: { $set: { owner } } } };
      pending.add(collections.claims, write);
    }
  }
}

function applyDocuments(change: Change, { collections, pending, state }: Applying): void {
  for (const document of change.documents ?? []) {
    const name = documentId(document);
    const before = state.documents.get(name)?.kept;
    if (document.json === undefined) {
      state.documents.delete(name);
      pending.forget(documentOwner(name), before);
      pending.add(collections.documents, { deleteOne: { filter: { _id: name } } });
    } else {
      const json = pending.text(document.json, documentOwner(name), before);
      state.documents.set(name, { kept: json, text: document.json });
      const replacement = { kind: document.kind, key: document.key, json };
      pending.add(collections.documents, { replaceOne: { filter: { _id: name }, replacement, upsert: true } });
    }
  }
}

function eraseResources({ erase = [] }: Change, { collections, pending, state }: Applying): void {
  for (const { type, id } of erase) {
    const name = `${type}/${id}`;
    const before = state.resources.get(name);
    if (before?.ver !== 1) continue;
    pending.forget(textOwner(type, id, 1), before.res);
    pending.add(collections.resources, { deleteOne: { filter: { _id: name } } });
    state.resources.delete(name);
  }
}

function applyMessages(change: Change, on: Applying): void {
  const { collections, pending, state, moved, feeds } = on;
  for (const { id, status, processedAt, attempts, nextTryAt, ack, issues, trace, counted, forget } of change.messages ?? []) {
    if (forget !== undefined) {
      forgetMessage(id, forget, on);
      continue;
    }
    const before = state.messages.get(id);
    const texts: { ack?: KeptText; issues?: KeptText; trace?: KeptText } = {};
    for (const [field, text] of [
      ['ack', ack],
      ['issues', issues],
      ['trace', trace],
    ] as const)
      if (text !== undefined) texts[field] = pending.text(text, messageOwner(id, field), before?.[field]);
    const set: Partial<MessageDocument> = {
      status,
      ...(processedAt === undefined ? {} : { processedAt }),
      ...(attempts === undefined ? {} : { attempts }),
      ...(nextTryAt === undefined ? {} : { nextTryAt }),
      ...texts,
    };
    const gone = {
      ...(nextTryAt === undefined ? { nextTryAt: '' as const } : {}),
      ...(UNFINISHED.includes(status) ? {} : { holder: '' as const, waiting: '' as const }),
    };
    const update = { $set: set, ...(Object.keys(gone).length === 0 ? {} : { $unset: gone }) };
    pending.add(collections.messages, { updateOne: { filter: { _id: id }, update } });
    if (before === undefined) continue;
    moved.set(before.status, (moved.get(before.status) ?? 0) - 1);
    moved.set(status, (moved.get(status) ?? 0) + 1);
    if (counted !== undefined) feeds.add(before.sender, undefined, countsOf(...counted));
    state.messages.set(id, { ...before, ...texts, status });
  }
}

function forgetMessage(id: string, what: Forgetting, { collections, pending, state, moved }: Applying): void {
  const before = state.messages.get(id);
  pending.add(collections.parts, { deleteMany: { filter: { owner: messageOwner(id, 'raw') } } });
  pending.forget(messageOwner(id, 'trace'), before?.trace);
  if (what === 'content') {
    pending.add(collections.messages, { updateOne: { filter: { _id: id }, update: { $set: { emptied: true }, $unset: { trace: '' } } } });
    return;
  }
  for (const field of ['ack', 'issues'] as const) pending.forget(messageOwner(id, field), before?.[field]);
  pending.add(collections.messages, { deleteOne: { filter: { _id: id } } });
  if (before !== undefined) moved.set(before.status, (moved.get(before.status) ?? 0) - 1);
  state.messages.delete(id);
}
