import { type Counted, countsOf, type FeedCounts, feedName, type FeedTally, MOST_FEEDS, OTHER_FEEDS, plus } from '../store/feed-tally.ts';

/** A feed, as an operator looks at it. */
export interface Feed {
  /** MSH-3 and MSH-4. Shape: LABSYS|GENHOSP */
  readonly sender: string;
  readonly sinceStart: FeedCounts;
  /** Over all starts, of all gateways over the same journal. */
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
  ended(sender: string, counted: readonly Counted[], elapsed: number): void;
  /** The feeds as the journal has counted them, with what this process alone knows. */
  list(tallies: readonly FeedTally[]): readonly Feed[];
}

const MOST_LATENCIES = 1_000;
const MINUTE_MS = 60_000;
const RECENT_MINUTES = 10;

interface Watched {
  sinceStart: FeedCounts;
  latencies: number[];
  next: number;
  /** By minute. */
  minutes: Map<number, { ended: number; bad: number }>;
}

/** Counts feeds. `now`: UTC ms. */
export function watchFeeds(now: () => number): Feeds {
  const feeds = new Map<string, Watched>();

  function watched(sender: string): Watched {
    const name = feeds.size < MOST_FEEDS || feeds.has(feedName(sender)) ? feedName(sender) : OTHER_FEEDS;
    const feed = feeds.get(name) ?? unseen();
    feeds.set(name, feed);
    return feed;
  }

  return {
    received(sender, isRepeat) {
      const feed = watched(sender);
      feed.sinceStart = plus(feed.sinceStart, isRepeat ? countsOf('received', 'repeated') : countsOf('received'));
    },
    ended(sender, counted, elapsed) {
      const feed = watched(sender);
      feed.sinceStart = plus(feed.sinceStart, countsOf(...counted));
      feed.latencies[feed.next] = elapsed;
      feed.next = (feed.next + 1) % MOST_LATENCIES;
      const minute = Math.floor(now() / MINUTE_MS);
      const { ended, bad } = feed.minutes.get(minute) ?? { ended: 0, bad: 0 };
      feed.minutes.set(minute, { ended: ended + 1, bad: bad + (counted.includes('accepted') ? 0 : 1) });
      for (const old of feed.minutes.keys()) if (old <= minute - RECENT_MINUTES) feed.minutes.delete(old);
    },
    list(tallies) {
      const lifetimes = new Map(tallies.map((tally) => [tally.sender, tally]));
      const names = new Set([...lifetimes.keys(), ...feeds.keys()]);
      return [...names].map((name) => shown(name, feeds.get(name) ?? unseen(), lifetimes.get(name), now()));
    },
  };
}

function unseen(): Watched {
  return { sinceStart: countsOf(), latencies: [], next: 0, minutes: new Map() };
}

function shown(sender: string, { sinceStart, latencies, minutes }: Watched, tally: FeedTally | undefined, now: number): Feed {
  const first = Math.floor(now / MINUTE_MS) - RECENT_MINUTES;
  const recent = { ended: 0, bad: 0 };
  for (const [minute, { ended, bad }] of minutes) {
    if (minute <= first) continue;
    recent.ended += ended;
    recent.bad += bad;
  }
  const quantile = (part: number) =>
    latencies.toSorted((a, b) => a - b)[Math.min(latencies.length - 1, Math.floor(latencies.length * part))];
  // of more names than are counted apart
  const { sender: _name, lastAt, ...lifetime } = tally ?? { sender, lastAt: 0, ...sinceStart };
  return {
    sender,
    sinceStart,
    lifetime,
    lastAt: lastAt === 0 ? undefined : lastAt,
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
