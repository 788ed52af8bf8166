import { createHash, type Hash } from 'node:crypto';
import { COUNTS } from './feed-tally.ts';
import type { Store } from './store.ts';

/** What a store keeps, in numbers and hashes: two that keep the same have the same. */
export interface StoreDigest {
  readonly versions: number;
  readonly versionsHash: string;
  readonly messages: number;
  readonly messagesHash: string;
  readonly claims: number;
  readonly claimsHash: string;
  readonly documents: number;
  readonly documentsHash: string;
}

const TOGETHER = 500;
/** The kind of the documents that say how far a search parameter made at run time is. */
export const PARAMETER_STATE = 'search-parameter';

/** No part of what is kept: the mark of a copy under way, and what is true of one store's index alone. */
export const NOT_KEPT: ReadonlySet<string> = new Set(['copy', PARAMETER_STATE]);

/** Reads everything: every version, message, claim and document, with its bytes. */
export async function digestOf(store: Store): Promise<StoreDigest> {
  const versions = new Counted();
  for await (const some of store.walk({}))
    for (const { type, id, version, seq, lastUpdated, deleted, method, created, json } of some)
      versions.add(type, id, version, seq, lastUpdated, deleted, method, created, json);
  const messages = new Counted();
  for (let after = 0, count = TOGETHER; count === TOGETHER; ) {
    const rows = await store.journal.list(after, TOGETHER);
    for (const row of rows) {
      const { id, seq, sha256, sender, controlId, messageType, channel, receivedAt, processedAt, status, keys } = row;
      const { repeats, attempts, nextTryAt, ack, issues, trace } = row;
      messages.add(id, seq, sha256, sender, controlId, messageType, channel, receivedAt, processedAt, status);
      messages.part(keys.mrn, keys.visit, keys.order, keys.name, repeats, attempts, nextTryAt, ack, issues, trace);
      messages.part(
        createHash('sha256')
          .update((await store.journal.raw(id)) ?? '')
          .digest('hex'),
      );
      after = seq;
    }
    count = rows.length;
  }
  for (const { sender, lastAt, ...counts } of await store.journal.feeds())
    messages.part(sender, lastAt, ...COUNTS.map((name) => counts[name]));
  const claims = new Counted();
  for (let after = '', count = TOGETHER; count === TOGETHER; ) {
    const some = await store.listClaims(after, TOGETHER);
    for (const { key, owner } of some) claims.add(key, owner);
    after = some.at(-1)?.key ?? '';
    count = some.length;
  }
  const documents = new Counted();
  for (const kind of (await store.documentKinds()).filter((one) => !NOT_KEPT.has(one)))
    for (let after = '', count = TOGETHER; count === TOGETHER; ) {
      const some = await store.listDocuments(kind, after, TOGETHER);
      for (const { key, json } of some) documents.add(kind, key, json);
      after = some.at(-1)?.key ?? '';
      count = some.length;
    }
  return {
    versions: versions.count,
    versionsHash: versions.hash,
    messages: messages.count,
    messagesHash: messages.hash,
    claims: claims.count,
    claimsHash: claims.hash,
    documents: documents.count,
    documentsHash: documents.hash,
  };
}

/** A count, and a hash of what was counted. */
class Counted {
  count = 0;
  readonly #hash: Hash = createHash('sha256');

  add(...values: unknown[]): void {
    this.count += 1;
    this.part(...values);
  }

  part(...values: unknown[]): void {
    this.#hash.update(JSON.stringify(values.map((value) => value ?? null)));
    this.#hash.update('\n');
  }

  get hash(): string {
    return this.#hash.copy().digest('hex');
  }
}
