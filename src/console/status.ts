import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Alert } from '../alert/alerts.ts';
import type { Feed } from '../alert/feeds.ts';
import type { DiskState } from '../retention/disk.ts';
import type { Journal } from '../store/journal.ts';

/** One connection, as the listener tells of it. */
interface Peer {
  /** UTC ms. */
  readonly openedAt: number;
  /** UTC ms. */
  readonly partialSince?: number;
}

/** An MLLP listener, as far as it is shown. */
interface Listener {
  readonly name: string;
  readonly address: { readonly host: string; readonly port: number };
  counters(): object;
  peers(): readonly Peer[];
}

/** What the page of operators shows, handed in by main. */
export interface StatusSources {
  readonly journal: Journal;
  readonly alerts: () => readonly Alert[];
  readonly feeds: () => Promise<readonly Feed[]>;
  /** Messages that wait or are being worked on. */
  readonly depth: () => number;
  /** When the oldest of the messages that are not finished was received. UTC ms. */
  readonly oldest: () => Promise<number | undefined>;
  readonly disk: () => DiskState;
  readonly listeners: () => readonly Listener[];
  readonly forgotten: () => { readonly content: number; readonly rows: number; readonly bytes: number };
  readonly refusals: () => ReadonlyMap<string, number>;
  /** UTC ms. */
  readonly now: () => number;
}

/** GET /status: how feeds, queue, connections and disk are, and which alerts are on. Nothing of a patient is in it. */
export function createStatus(sources: StatusSources) {
  const startedAt = sources.now();
  return async (_request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const now = sources.now();
    const oldest = await sources.oldest();
    const body = {
      at: timeOf(now),
      startedAt: timeOf(startedAt),
      alerts: sources.alerts().map(({ since, ...alert }) => ({ ...alert, since: timeOf(since) })),
      queue: { depth: sources.depth(), oldestAgeMs: oldest === undefined ? 0 : now - oldest, ...(await sources.journal.counts()) },
      feeds: (await sources.feeds()).map(feedOf),
      listeners: sources.listeners().map((one) => listenerOf(one, now)),
      disk: sources.disk(),
      forgotten: sources.forgotten(),
      refused: Object.fromEntries(sources.refusals()),
    };
    response
      .writeHead(200, {
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
      })
      .end(JSON.stringify(body));
  };
}

function feedOf({ sender, sinceStart, lifetime, lastAt, p50, p99, recent }: Feed) {
  return {
    sender,
    sinceStart,
    lifetime,
    ...(lastAt === undefined ? {} : { lastAt: timeOf(lastAt) }),
    ...(p50 === undefined || p99 === undefined ? {} : { ackMs: { p50, p99 } }),
    lastTenMinutes: recent,
  };
}

function listenerOf(listener: Listener, now: number) {
  const { name, address } = listener;
  return { name, ...address, ...listener.counters(), peers: listener.peers().map((peer) => peerOf(peer, now)) };
}

function peerOf({ openedAt, partialSince, ...peer }: Peer, now: number) {
  return { ...peer, openedAt: timeOf(openedAt), ...(partialSince === undefined ? {} : { partialAgeMs: now - partialSince }) };
}

function timeOf(time: number): string {
  return new Date(time).toISOString();
}
