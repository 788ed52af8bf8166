import type { Forgetting, Forgettable, MessageUpdate } from '../store/journal.ts';
import type { DocumentWrite, Store } from '../store/store.ts';

/** How long messages are kept. Undefined: for ever. */
export interface RetentionLimits {
  /** Bytes and trace of a message that has ended. Units: ms */
  readonly contentMs?: number | undefined;
  /** Its row. Units: ms */
  readonly rowMs?: number | undefined;
  /** Of the bytes of all messages together. Units: bytes */
  readonly mostBytes?: number | undefined;
}

/** What is forgotten, for the audit trail. */
export interface Forgotten {
  readonly what: Forgetting;
  readonly count: number;
  /** When the first and the last of them were received. UTC ms. */
  readonly from: number;
  readonly to: number;
}

/** What retention works with. */
export interface RetentionParts {
  readonly store: Store;
  readonly limits: RetentionLimits;
  /** UTC ms. */
  readonly now: () => number;
  /** A clock that is never set. Units: ms */
  readonly elapsed: () => number;
  /** Names this process where several share a database. */
  readonly holder: string;
  /** The note of the audit trail that goes with a deletion, and what is to be done when both are kept. */
  readonly audit: (forgotten: Forgotten) => { readonly documents: readonly DocumentWrite[]; readonly kept: () => void };
  readonly log: { info(fields: object, words: string): void; warn(fields: object, words: string): void };
}

/** Retention of messages. */
export interface Retention {
  /** Forgets what may be forgotten now, a few messages at a time. One process of several does it. */
  round(): Promise<void>;
  /** What is remembered, as an earlier start left it. */
  load(): Promise<void>;
  /** Messages received after this are all remembered. UTC ms; undefined: none was ever forgotten. */
  readonly rememberedFrom: number | undefined;
  /** Since the start. */
  readonly counters: { readonly content: number; readonly rows: number; readonly bytes: number };
  /** No batch is begun after it; resolves when the last has ended. */
  stop(): Promise<void>;
}

/** Kept beside the messages. */
interface State {
  readonly holder: string;
  /** UTC ms. */
  readonly until: number;
  /** The time that limits are counted from. UTC ms. */
  readonly at: number;
  readonly rememberedFrom?: number;
}

const STATE = { kind: 'retention', key: 'state' } as const;
const LEASE_MS = 120_000;
/** In one transaction: few enough that nobody waits for it. */
const MOST_TOGETHER = 200;
const MOST_BYTES_TOGETHER = 8 * 1024 * 1024;
/** A clock that leaps ahead takes a day of messages with it every ten minutes at the most: time to notice. */
const STEP_MS = 86_400_000;
const STEP_EVERY_MS = 600_000;
/** After so long what is kept is weighed anew. Units: ms */
const WEIGHED_MS = 86_400_000;
const WEIGHED_TOGETHER = 5_000;

/** Retention over a store. */
export function createRetention(parts: RetentionParts): Retention {
  const { store, limits, log } = parts;
  const counters = { content: 0, rows: 0, bytes: 0 };
  let state: State | undefined;
  let text: string | undefined;
  let stepped = Number.NEGATIVE_INFINITY;
  let weight: { bytes: number; last: number; since: number } | undefined;
  let stopped = false;
  const isEndless = Object.values(limits).every((limit) => limit === undefined);
  let running: Promise<void> | undefined;

  /** Makes this process the one that forgets; false: another is. */
  async function lead(): Promise<boolean> {
    const now = parts.now();
    if (state !== undefined && state.holder !== parts.holder && state.until > now && state.until <= now + LEASE_MS) return false;
    if (state?.holder !== parts.holder) weight = undefined;
    return keep({ ...state, holder: parts.holder, until: now + LEASE_MS, at: nextTime(now) }, []);
  }

  function nextTime(now: number): number {
    if (state === undefined || now <= state.at + STEP_EVERY_MS) return now;
    if (parts.elapsed() - stepped < STEP_EVERY_MS) return state.at;
    stepped = parts.elapsed();
    if (now > state.at + STEP_MS)
      log.warn(
        { days: Math.round((now - state.at) / STEP_MS) },
        'the clock is far ahead of the last round: messages are forgotten day by day',
      );
    return Math.min(now, state.at + STEP_MS);
  }

  /** The state and what belongs to it, together or not at all; false when another process was quicker. */
  async function keep(next: State, messages: readonly MessageUpdate[], documents: readonly DocumentWrite[] = []): Promise<boolean> {
    const json = JSON.stringify(next);
    const commit = await store.commit({ messages, documents: [{ ...STATE, json, expected: text ?? null }, ...documents] });
    if (!commit.ok) return false;
    [state, text] = [next, json];
    return true;
  }

  /** One batch; false when there is nothing more to do. */
  async function forget(what: Forgetting, found: readonly Forgettable[]): Promise<boolean> {
    const [first, last] = [found[0], found.at(-1)];
    if (first === undefined || last === undefined || state === undefined || stopped) return false;
    // what was never taken has no effect to protect: all of it goes at once
    const updates = found.map(({ id, status }) => ({
      id,
      from: [status],
      status,
      forget: status === 'rejected' ? ('row' as const) : what,
    }));
    const taken = what === 'row' ? found.filter(({ status }) => status !== 'rejected').map(({ receivedAt }) => receivedAt) : [];
    const rememberedFrom = Math.max(state.rememberedFrom ?? 0, ...taken);
    const { documents, kept } = parts.audit({ what, count: found.length, from: first.receivedAt, to: last.receivedAt });
    const next = { ...state, until: parts.now() + LEASE_MS, ...(rememberedFrom === 0 ? {} : { rememberedFrom }) };
    if (!(await keep(next, updates, documents))) return false;
    kept();
    const bytes = found.reduce((sum, one) => sum + one.bytes, 0);
    const rows = updates.filter((update) => update.forget === 'row').length;
    counters.rows += rows;
    counters.content += updates.length - rows;
    counters.bytes += bytes;
    if (weight !== undefined) weight.bytes -= bytes;
    return true;
  }

  async function forgetOlder(what: Forgetting, before: number): Promise<void> {
    while (await forget(what, together(await store.journal.forgettable({ what, before, count: MOST_TOGETHER }), MOST_BYTES_TOGETHER)));
  }

  async function weigh(): Promise<number> {
    if (weight === undefined || parts.elapsed() - weight.since > WEIGHED_MS) weight = { bytes: 0, last: 0, since: parts.elapsed() };
    for (let more = true; more; ) {
      const { bytes, last } = await store.journal.weigh(weight.last, WEIGHED_TOGETHER);
      more = last !== weight.last;
      weight.bytes += bytes;
      weight.last = last;
    }
    return weight.bytes;
  }

  async function forgetHeavy(mostBytes: number): Promise<void> {
    for (let bytes = await weigh(); bytes > mostBytes; bytes = await weigh()) {
      const found = await store.journal.forgettable({ what: 'content', before: Number.MAX_SAFE_INTEGER, count: MOST_TOGETHER });
      if (!(await forget('content', together(found, Math.min(bytes - mostBytes, MOST_BYTES_TOGETHER))))) return;
    }
  }

  async function read(): Promise<void> {
    [text] = await store.documents([STATE]);
    state = text === undefined ? undefined : (JSON.parse(text) as State);
  }

  async function round(): Promise<void> {
    await read();
    if (isEndless || stopped || !(await lead()) || state === undefined) return;
    const before = { ...counters };
    if (limits.rowMs !== undefined) await forgetOlder('row', state.at - limits.rowMs);
    if (limits.contentMs !== undefined) await forgetOlder('content', state.at - limits.contentMs);
    if (limits.mostBytes !== undefined) await forgetHeavy(limits.mostBytes);
    const [content, rows] = [counters.content - before.content, counters.rows - before.rows];
    if (content + rows > 0) log.info({ content, rows, bytes: counters.bytes - before.bytes }, 'messages forgotten');
  }

  return {
    round: () => (running ??= round().finally(() => (running = undefined))),
    load: read,
    get rememberedFrom() {
      return state?.rememberedFrom;
    },
    counters,
    async stop() {
      stopped = true;
      await running?.catch(() => undefined);
    },
  };
}

/** The first of them, until they have so many bytes. */
function together(found: readonly Forgettable[], bytes: number): readonly Forgettable[] {
  let sum = 0;
  const end = found.findIndex((one) => (sum += one.bytes) >= bytes);
  return end === -1 ? found : found.slice(0, end + 1);
}
