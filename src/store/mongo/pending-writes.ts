import type { AnyBulkWriteOperation, ClientSession, Collection, Document } from 'mongodb';
import type { Collections, PartDocument } from './collections.ts';
import { keepText } from './long-text.ts';
import type { KeptText } from './collections.ts';

/** What a transaction is about to write, collected so that each collection is written once. */
export interface PendingWrites {
  add<D extends Document>(collection: Collection<D>, ...operations: AnyBulkWriteOperation<D>[]): void;
  /** A text for a document; its parts, when it is long, are written with the rest. `before` is what the same owner kept. */
  text(text: string, owner: string, before?: KeptText): KeptText;
  /** The parts of what is no longer kept. */
  forget(owner: string, before: KeptText | undefined): void;
  parts(parts: readonly PartDocument[]): void;
  /** Writes what was collected so far. */
  flush(): Promise<void>;
  readonly wrote: boolean;
}

/** An empty collection of writes for a transaction. */
export function pendingWrites(collections: Collections, session: ClientSession): PendingWrites {
  const operations = new Map<Collection, AnyBulkWriteOperation[]>();
  let wrote = false;
  const pending: PendingWrites = {
    add(collection, ...some) {
      if (some.length === 0) return;
      wrote = true;
      const key = collection as unknown as Collection;
      const list = operations.get(key);
      if (list === undefined) operations.set(key, some as unknown as AnyBulkWriteOperation[]);
      else list.push(...(some as unknown as AnyBulkWriteOperation[]));
    },
    text(text, owner, before) {
      pending.forget(owner, before);
      const { kept, parts } = keepText(text, owner);
      pending.parts(parts);
      return kept;
    },
    forget(owner, before) {
      if (typeof before === 'object') pending.add(collections.parts, { deleteMany: { filter: { owner } } });
    },
    parts(parts) {
      for (const part of parts) pending.add(collections.parts, { insertOne: { document: part } });
    },
    async flush() {
      for (const [collection, list] of operations) await collection.bulkWrite(list, { session, ordered: true });
      operations.clear();
    },
    get wrote() {
      return wrote;
    },
  };
  return pending;
}
