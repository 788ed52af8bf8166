import { setTimeout as sleep } from 'node:timers/promises';
import { issue } from '../issue/issue.ts';
import { Bug, IssueError } from '../issue/issue-error.ts';
import type { DocumentWrite, Store } from '../store/store.ts';
import type { AuditRecord } from './audit-record.ts';
import { keyOf, linkAfter } from './chain.ts';
import { HEAD, LINKS, linksAfter, NOTES, readHead } from './kept-trail.ts';
import type { Spool } from './spool.ts';

/** The audit trail as it is written. */
export interface Trail {
  /**
   * Resolves when the record is kept: in the spool where there is one, else in the chain. `isNoted`: a write carried its note, so it is kept
   * already; the note goes when the record is in the chain.
   *
   * Fails: audit-unavailable, for as long as the chain cannot be written
   */
  record(record: AuditRecord, isNoted?: boolean): Promise<void>;
  /** What a write carries in its own change, so that neither is there without the other. */
  note(record: AuditRecord): DocumentWrite;
  /** Puts into the chain what a stop left: notes, and records of a spool. */
  takeUp(spooled?: readonly AuditRecord[]): Promise<void>;
  /** Puts into the chain what has come so far; resolves when that is done, or was tried in vain. */
  flush(): Promise<void>;
  /** Waits until all is in the chain. */
  idle(): Promise<void>;
  /** How it is; what failed and is not tried again by itself is tried. */
  check(): Promise<TrailHealth>;
}

/** How a trail is. */
export interface TrailHealth {
  /** What was to be written last could not be. */
  readonly isFailing: boolean;
  /** Of the oldest record that waits for the chain. UTC ms */
  readonly waitingSince: number | undefined;
}

const MOST_TOGETHER = 500;
const MOST_ATTEMPTS = 100;
/** Links that may hold what a spool still held: the spool is emptied whenever nothing waits. */
const LATEST = 500;
const AGAIN_MS = 500;

/** With a spool nobody waits for a link, and each is a commit: the next one waits for what else may come. */
const PAUSE_MS = 100;

interface Waiting {
  readonly record: AuditRecord;
  readonly isNoted: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The trail in a store. Records that come while one link is written make up the next together: one durable write for all of them. With a
 * spool nobody waits for that write.
 */
export function createTrail(store: Store, spool?: Spool): Trail {
  let waiting: Waiting[] = [];
  let fresh: Waiting[] = [];
  let writing: Promise<void> | undefined;
  let failure: unknown;
  let isSpoolFailing = false;
  /** Of the link under way, or of the next: resolves when it was written, or was tried in vain. */
  let link = Promise.withResolvers<void>();
  /** Ends the pause. */
  let hurry: (() => void) | undefined;
  let hurried = 0;

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const some = waiting.slice(0, MOST_TOGETHER);
      try {
        await append(store, some);
        waiting = waiting.slice(some.length);
        failure = undefined;
        for (const { resolve } of some) resolve();
        linkTried();
        if (waiting.length === 0 && fresh.length === 0) spool?.empty();
        if (spool !== undefined && hurried === 0) await pause();
      } catch (error) {
        failure = error;
        linkTried();
        if (spool === undefined) {
          waiting = waiting.slice(some.length);
          for (const { reject } of some) reject(error);
        } else await sleep(AGAIN_MS, undefined, { ref: false });
      }
    }
    writing = undefined;
  }

  /** Until it is over, or somebody is in a hurry. */
  async function pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    hurry = resolve;
    await Promise.race([promise, sleep(PAUSE_MS, undefined, { ref: false })]);
  }

  function linkTried(): void {
    link.resolve();
    link = Promise.withResolvers();
  }

  /** What came in one turn of the event loop is written down at once, together. */
  function spoolFresh(to: Spool): void {
    const some = fresh;
    fresh = [];
    try {
      to.add(some.filter(({ isNoted }) => !isNoted).map(({ record }) => record));
      isSpoolFailing = false;
    } catch (error) {
      isSpoolFailing = true;
      for (const { reject } of some) reject(error);
      return;
    }
    waiting.push(...some);
    writing ??= writeAll();
    for (const { resolve } of some) resolve();
  }

  const record: Trail['record'] = (one, isNoted = false) =>
    new Promise<void>((resolve, reject) => {
      const item = { record: one, isNoted, resolve, reject };
      if (spool === undefined) {
        waiting.push(item);
        writing ??= writeAll();
      } else if (failure !== undefined && !isNoted) reject(new IssueError(issue('audit-unavailable')));
      else if (fresh.push(item) === 1) setImmediate(spoolFresh, spool);
    });

  async function spooled(): Promise<void> {
    while (fresh.length > 0) await new Promise((turn) => setImmediate(turn));
  }

  /** Without pauses as long as somebody waits. */
  async function hurriedly(end: Promise<void> | undefined): Promise<void> {
    hurried += 1;
    hurry?.();
    await end;
    hurried -= 1;
  }

  /** Links are in the order of the records: while one fails, so does every later one. */
  async function triedUpTo(last: Waiting): Promise<void> {
    while (waiting.includes(last)) {
      await link.promise;
      if (failure !== undefined) return;
    }
  }

  return {
    record,
    note: (one) => ({ kind: NOTES, key: one.id, json: JSON.stringify(one) }),
    async takeUp(spooled = []) {
      for (let after = ''; ; ) {
        const some = await store.listDocuments(NOTES, after, MOST_TOGETHER);
        await Promise.all(some.map(({ json }) => record(JSON.parse(json) as AuditRecord, true)));
        const last = some.at(-1);
        if (last === undefined || some.length < MOST_TOGETHER) break;
        after = last.key;
      }
      if (spooled.length === 0) return;
      const { head } = await readHead(store);
      const there = new Set<string>();
      for await (const link of linksAfter(store, Math.max(0, head.number - LATEST))) for (const { id } of link.records) there.add(id);
      await Promise.all(spooled.filter(({ id }) => !there.has(id)).map((one) => record(one)));
    },
    async flush() {
      await spooled();
      const last = waiting.at(-1);
      if (last !== undefined) await hurriedly(triedUpTo(last));
    },
    async idle() {
      await spooled();
      await hurriedly(writing);
    },
    async check() {
      if (isSpoolFailing) isSpoolFailing = !works(spool);
      else if (failure !== undefined && waiting.length === 0 && (await store.health()) === undefined) failure = undefined;
      const [oldest] = waiting;
      return {
        isFailing: isSpoolFailing || failure !== undefined,
        waitingSince: oldest === undefined ? undefined : Date.parse(oldest.record.time),
      };
    },
  };
}

function works(spool: Spool | undefined): boolean {
  try {
    spool?.probe();
    return true;
  } catch {
    return false;
  }
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
