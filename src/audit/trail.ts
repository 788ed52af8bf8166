import { Bug } from '../issue/issue-error.ts';
import type { DocumentWrite, Store } from '../store/store.ts';
import type { AuditRecord } from './audit-record.ts';
import { keyOf, linkAfter } from './chain.ts';
import { HEAD, LINKS, NOTES, readHead } from './kept-trail.ts';

/** The audit trail as it is written. */
export interface Trail {
  /** Resolves when the record is in the chain, durably. `isNoted`: a write carried its note; it is taken away in the same change. */
  record(record: AuditRecord, isNoted?: boolean): Promise<void>;
  /** What a write carries in its own change, so that neither is there without the other. */
  note(record: AuditRecord): DocumentWrite;
  /** Puts into the chain what a stop left as notes. */
  takeUp(): Promise<void>;
  /** Waits for what is being written. */
  idle(): Promise<void>;
}

const MOST_TOGETHER = 500;
const MOST_ATTEMPTS = 100;

interface Waiting {
  readonly record: AuditRecord;
  readonly isNoted: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The trail in a store. Records that come while one link is written make up the next together: one durable write for all of them. */
export function createTrail(store: Store): Trail {
  let waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const some = waiting.slice(0, MOST_TOGETHER);
      waiting = waiting.slice(MOST_TOGETHER);
      try {
        await append(store, some);
        for (const { resolve } of some) resolve();
      } catch (error) {
        for (const { reject } of some) reject(error);
      }
    }
    writing = undefined;
  }

  const record: Trail['record'] = (one, isNoted = false) =>
    new Promise<void>((resolve, reject) => {
      waiting.push({ record: one, isNoted, resolve, reject });
      writing ??= writeAll();
    });

  return {
    record,
    note: (one) => ({ kind: NOTES, key: one.id, json: JSON.stringify(one) }),
    async takeUp() {
      for (let after = ''; ; ) {
        const some = await store.listDocuments(NOTES, after, MOST_TOGETHER);
        await Promise.all(some.map(({ json }) => record(JSON.parse(json) as AuditRecord, true)));
        const last = some.at(-1);
        if (last === undefined || some.length < MOST_TOGETHER) return;
        after = last.key;
      }
    },
    idle: async () => writing,
  };
}

/** Another process may have put a link there first: then this one goes behind it. */
async function append(store: Store, some: readonly Waiting[]): Promise<void> {
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
    const { head, text } = await readHead(store);
    const link = linkAfter(
      head,
      some.map(({ record }) => record),
    );
    const documents: DocumentWrite[] = [
      { kind: LINKS, key: keyOf(link.number), json: JSON.stringify(link), expected: null },
      { ...HEAD, json: JSON.stringify({ number: link.number, hash: link.hash }), expected: text },
      ...some.filter(({ isNoted }) => isNoted).map(({ record }) => ({ kind: NOTES, key: record.id })),
    ];
    if ((await store.commit({ documents })).ok) return;
  }
  throw new Bug('the end of the audit chain cannot be found');
}
