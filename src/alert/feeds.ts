import type { Store } from '../store/store.ts';

/** What became of the messages of one feed. */
export interface FeedCounts {
  /** Messages that came, repeats among them. */
  readonly received: number;
  readonly repeated: number;
  /** Ended AA, filtered ones among them. */
  readonly accepted: number;
  /** Ended AE. */
  readonly failed: number;
  /** Ended AR, or refused at the door. */
  readonly rejected: number;
}

/** A feed, as an operator looks at it. */
export interface Feed {
  /** MSH-3 and MSH-4. Shape: LABSYS|GENHOSP */
  readonly sender: string;
  readonly sinceStart: FeedCounts;
  /** As of the last time it was written down, and what came since. */
  readonly lifetime: FeedCounts;
  /** UTC ms; undefined when it never sent anything. */
  readonly lastAt: number | undefined;
  /** Of the last messages, from receiving them to their end. Units: ms; undefined: there was none since the start */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  /** What ended in the last ten minutes, and how much of it not well. */
  readonly recent: { readonly ended: number; readonly bad: number };
}

/** The feeds of a gateway. */
export interface Feeds {
  received(sender: string, isRepeat: boolean): void;
  /** Units: ms since it was received */
  ended(sender: string, code: 'AA' | 'AE' | 'AR', elapsed: number): void;
  list(): readonly Feed[];
  /** What earlier processes counted. */
  load(store: Store): Promise<void>;
  /** Writes down what was counted since the last time. */
  save(store: Store): Promise<void>;
}

/** Senders are named by messages: names without number must not fill the memory. */
const MOST_FEEDS = 200;
const OTHERS = 'other';
const LONGEST_NAME = 128;
const MOST_LATENCIES = 1_000;
const MINUTE_MS = 60_000;
const RECENT_MINUTES = 10;
const KIND = 'feed';
const NOTHING: FeedCounts = { received: 0, repeated: 0, accepted: 0, failed: 0, rejected: 0 };
const COUNTED = { AA: 'accepted', AE: 'failed', AR: 'rejected' } as const;

interface Watched {
  sinceStart: FeedCounts;
  /** Of earlier processes, and what of this one is written down. */
  kept: FeedCounts;
  saved: FeedCounts;
  lastAt: number | undefined;
  latencies: number[];
  next: number;
  /** By minute. */
  minutes: Map<number, { ended: number; bad: number }>;
}

/** Counts feeds. `now`: UTC ms. */
export function watchFeeds(now: () => number): Feeds {
  const feeds = new Map<string, Watched>();

  function watched(sender: string): Watched {
    const name = sender.slice(0, LONGEST_NAME);
    const known = feeds.get(name) ?? (feeds.size >= MOST_FEEDS ? feeds.get(OTHERS) : undefined);
    if (known !== undefined) return known;
    const fresh: Watched = {
      sinceStart: NOTHING,
      kept: NOTHING,
      saved: NOTHING,
      lastAt: undefined,
      latencies: [],
      next: 0,
      minutes: new Map(),
    };
    feeds.set(feeds.size >= MOST_FEEDS ? OTHERS : name, fresh);
    return fresh;
  }

  return {
    received(sender, isRepeat) {
      const feed = watched(sender);
      feed.lastAt = now();
      feed.sinceStart = plus(feed.sinceStart, { ...NOTHING, received: 1, repeated: isRepeat ? 1 : 0 });
    },
    ended(sender, code, elapsed) {
      const feed = watched(sender);
      feed.sinceStart = plus(feed.sinceStart, { ...NOTHING, [COUNTED[code]]: 1 });
      feed.latencies[feed.next] = elapsed;
      feed.next = (feed.next + 1) % MOST_LATENCIES;
      const minute = Math.floor(now() / MINUTE_MS);
      const { ended, bad } = feed.minutes.get(minute) ?? { ended: 0, bad: 0 };
      feed.minutes.set(minute, { ended: ended + 1, bad: bad + (code === 'AA' ? 0 : 1) });
      for (const old of feed.minutes.keys()) if (old <= minute - RECENT_MINUTES) feed.minutes.delete(old);
    },
    list: () => [...feeds].map(([sender, feed]) => shown(sender, feed, now())),
    async load(store) {
      for (const { key, json } of await store.listDocuments(KIND, '', MOST_FEEDS)) {
        const kept = JSON.parse(json) as FeedCounts & { lastAt?: number };
        const feed = watched(key);
        feed.kept = countsOf(kept);
        feed.lastAt ??= kept.lastAt;
      }
    },
    async save(store) {
      const changed = [...feeds].flatMap(([sender, feed]) => {
        const more = plus(feed.sinceStart, feed.saved, -1);
        return Object.values(more).every((count) => count === 0)
          ? []
          : [{ key: { kind: KIND, key: sender }, feed, more, counted: feed.sinceStart }];
      });
      if (changed.length === 0) return;
      // another gateway may have added its own
      const texts = await store.documents(changed.map(({ key }) => key));
      const sums = changed.map(({ more }, index) => plus(countsOf(JSON.parse(texts[index] ?? 'null') as FeedCounts | null), more));
      const documents = changed.map(({ key, feed: { lastAt } }, index) => ({
        ...key,
        json: JSON.stringify({ ...sums[index], ...(lastAt === undefined ? {} : { lastAt }) }),
        expected: texts[index] ?? null,
      }));
      // where another one was quicker they are written the next time
      if (!(await store.commit({ documents })).ok) return;
      for (const [index, { feed, counted }] of changed.entries()) [feed.kept, feed.saved] = [sums[index] ?? NOTHING, counted];
    },
  };
}

function shown(sender: string, { sinceStart, kept, saved, lastAt, latencies, minutes }: Watched, now: number): Feed {
  const first = Math.floor(now / MINUTE_MS) - RECENT_MINUTES;
  const recent = { ended: 0, bad: 0 };
  for (const [minute, { ended, bad }] of minutes) {
    if (minute <= first) continue;
    recent.ended += ended;
    recent.bad += bad;
  }
  const quantile = (part: number) =>
    latencies.toSorted((a, b) => a - b)[Math.min(latencies.length - 1, Math.floor(latencies.length * part))];
  return {
    sender,
    sinceStart,
    lifetime: plus(kept, plus(sinceStart, saved, -1)),
    lastAt,
    recent,
    // looked at seldom: alerts do not need them
    get p50() {
      return quantile(0.5);
    },
    get p99() {
      return quantile(0.99);
    },
  };
}

function countsOf(kept: FeedCounts | null): FeedCounts {
  if (kept === null) return NOTHING;
  const { received, repeated, accepted, failed, rejected } = kept;
  return { received, repeated, accepted, failed, rejected };
}

function plus(one: FeedCounts, other: FeedCounts, times = 1): FeedCounts {
  return {
    received: one.received + times * other.received,
    repeated: one.repeated + times * other.repeated,
    accepted: one.accepted + times * other.accepted,
    failed: one.failed + times * other.failed,
    rejected: one.rejected + times * other.rejected,
  };
}
