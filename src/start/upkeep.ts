import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import { createAlerts } from '../alert/alerts.ts';
import { type Facts, readingsOf } from '../alert/conditions.ts';
import { type Feeds, watchFeeds } from '../alert/feeds.ts';
import { watchPeers } from '../alert/standing-peers.ts';
import { createWebhook } from '../alert/webhook.ts';
import { certificatesOf, type Listening, readAlertLimits, readWebhook, revocationListsOf } from './alert-settings.ts';
import type { Config } from '../config.ts';
import type { StatusSources } from '../console/status.ts';
import type { WorkDependencies } from '../intake/message-work.ts';
import { doorOfChannel } from '../intake/journal-keys.ts';
import { COUNTED } from '../intake/process.ts';
import { faultOf } from '../issue/fault.ts';
import { entryOf } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import type { Recorder } from './recorder.ts';
import { type Disk, type DiskParts, watchDisk } from '../retention/disk.ts';
import { createRetention, type Retention } from '../retention/retention.ts';
import { overStore } from '../store/over-store.ts';
import type { Store } from '../store/store.ts';
import type { MllpEvent } from '../wire/mllp.ts';

const LOOK_EVERY_MS = 5_000;
const ROUND_EVERY_MS = 60_000;
/** An audit trail that cannot even be read. */
const UNREADABLE: Facts['audit'] = { isFailing: true, waitingSince: undefined, brokenAt: undefined };
const DAY_MS = 86_400_000;

/** The disk of the configured database; to be watched before that is opened. A database in memory or on a server has no reserve here. */
export function watchDatabaseDisk({ DATABASE_URL: url, DISK_RESERVE_BYTES: size }: Config, log: DiskParts['log']): Disk {
  const path = url.startsWith('sqlite:') && url !== 'sqlite::memory:' ? url.slice('sqlite:'.length) : undefined;
  if (path !== undefined) mkdirSync(dirname(path), { recursive: true });
  return watchDisk({
    folder: path === undefined ? '.' : dirname(path),
    reserve: path === undefined || size === 0 ? undefined : { path: `${path}.reserve`, size },
    log,
  });
}

/** What upkeep works with. */
export interface UpkeepParts {
  readonly config: Config;
  readonly store: Store;
  readonly disk: Disk;
  readonly recorder: Recorder | undefined;
  /** Names this process where several share a database. */
  readonly holder: string;
  readonly log: Logger;
  /** Messages that wait or are being worked on. */
  readonly depth: () => number;
  /** What listens now. */
  readonly listening: () => readonly Listening[];
}

/** What goes on beside the messages: how long they are kept, what is counted of feeds, and whom to wake. */
export interface Upkeep extends Pick<StatusSources, 'alerts' | 'feeds' | 'oldest' | 'disk' | 'forgotten' | 'refusals'> {
  readonly retention: Retention;
  /** A store that counts what it receives. */
  counting(store: Store): Store;
  /** Told of every message that ended or was refused. */
  readonly report: WorkDependencies['report'];
  readonly onMllpEvent: (listener: string, event: MllpEvent) => void;
  start(): void;
  close(): Promise<void>;
}

/** Upkeep by the settings; nothing is begun before `start`. Fails: throws IssueError setting-invalid */
export async function createUpkeep({ config, store, disk, recorder, holder, log, depth, listening }: UpkeepParts): Promise<Upkeep> {
  const limits = readAlertLimits(config);
  const post = readWebhook(config);
  const retention = retentionOf(config, store, recorder, holder, log);
  await retention.load();
  const feeds = watchFeeds(Date.now);
  let tallies = await store.journal.feeds();
  const peers = watchPeers(Date.now);
  const webhook = post === undefined ? undefined : createWebhook(post, log);
  const alerts = createAlerts((event) => {
    const { state, at, since, ...words } = event;
    if (state === 'start') log.warn(words, 'alert');
    else log.info({ ...words, seconds: Math.round((at - since) / 1000) }, 'alert over');
    webhook?.send(event);
  });
  const oldest = async () => (await store.journal.pending(0, 1))[0]?.receivedAt;
  let wasFull = false;
  let isStoreDown = false;
  let oldestAt: number | undefined;

  async function look(): Promise<void> {
    const state = await disk.check();
    if (state.isFull && !wasFull) round();
    wasFull = state.isFull;
    // asked only then: it is a write of its own
    if (isStoreDown) isStoreDown = (await store.health()) !== undefined;
    // side by side: a database that does not answer lets each of them wait, and what was known last counts
    const [audit, at, all] = await Promise.all([
      recorder?.check().catch(() => UNREADABLE),
      oldest().catch(() => oldestAt),
      store.journal.feeds().catch(() => tallies),
    ]);
    [oldestAt, tallies] = [at, all];
    const now = Date.now();
    const queue = { depth: depth(), oldestAt };
    const facts = {
      now,
      feeds: feeds.list(tallies),
      queue,
      // of a listener that is gone nobody is missed
      lost: peers.lost().filter(({ peer }) => listening().some(({ name }) => peer.startsWith(`${name} `))),
      disk: state,
      isStoreDown: isStoreDown && !state.isFull,
      audit,
      certificates: certificatesOf(listening()),
      revocationLists: revocationListsOf(listening()),
    };
    alerts.take(readingsOf(facts, limits), now);
  }
  const failed = (what: string) => (error: unknown) => log.error({ fault: faultOf(error) }, what);
  let looking: Promise<void> | undefined;
  const lookAgain = () =>
    (looking ??= look()
      .catch(failed('alerts could not be looked for'))
      .finally(() => (looking = undefined)));
  const round = () => void retention.round().catch(failed('messages could not be forgotten'));
  const timers: NodeJS.Timeout[] = [];
  const every = (ms: number, task: () => unknown) => timers.push(setInterval(task, ms).unref());

  return {
    retention,
    alerts: () => alerts.active,
    feeds: async () => feeds.list((tallies = await store.journal.feeds())),
    oldest,
    disk: () => disk.state,
    forgotten: () => retention.counters,
    refusals: () => recorder?.refusals ?? new Map<string, number>(),
    counting: (inner) =>
      overStore(inner, {
        journal: {
          ...inner.journal,
          async receive(arrival) {
            const received = await inner.journal.receive(arrival).catch((error: unknown) => {
              isStoreDown = true;
              throw error;
            });
            isStoreDown = false;
            feeds.received(received.row.sender, received.kind === 'repeat');
            return received;
          },
        },
      }),
    report(row, outcome, error) {
      count(feeds, row, outcome, error);
      if (error instanceof IssueError && error.issues.some(({ id }) => id === 'forbidden'))
        void recorder?.refused({
          what: 'message',
          method: '',
          client: row.sender,
          ...doorOfChannel(row.channel),
          query: `message ${row.id}`,
        });
    },
    onMllpEvent(listener, event) {
      const peer = `${listener} ${event.peer.replace(/:\d+$/, '')}`;
      if (event.kind === 'connected') peers.connected(peer);
      else if (event.kind === 'disconnected') peers.disconnected(peer, event.openedAt);
      else if (event.kind === 'refused') {
        const query = [listener, event.why, event.reason ?? ''].join(' ').trimEnd();
        void recorder?.refused({ what: 'mllp', method: '', client: '', peer: event.peer, listener, query });
      }
    },
    start() {
      every(LOOK_EVERY_MS, lookAgain);
      every(ROUND_EVERY_MS, round);
      round();
    },
    async close() {
      for (const timer of timers) clearInterval(timer);
      webhook?.stop();
      await retention.stop();
    },
  };
}

function retentionOf(config: Config, store: Store, recorder: Recorder | undefined, holder: string, log: Logger): Retention {
  const days = (count: number) => (count === 0 ? undefined : count * DAY_MS);
  return createRetention({
    store,
    limits: {
      contentMs: days(config.MESSAGE_KEEP_DAYS),
      rowMs: days(config.MESSAGE_ROW_KEEP_DAYS),
      mostBytes: config.MESSAGE_KEEP_BYTES === 0 ? undefined : config.MESSAGE_KEEP_BYTES,
    },
    now: Date.now,
    elapsed: () => performance.now(),
    holder,
    audit: (forgotten) => recorder?.forgotten(forgotten) ?? { documents: [], kept: () => undefined },
    log,
  });
}

/** A message that waits for a store that is busy has not ended. */
function count(feeds: Feeds, ...[row, outcome, error]: Parameters<WorkDependencies['report']>): void {
  const isRefused = error instanceof IssueError && row.id !== '' && !error.issues.every((item) => entryOf(item).retry);
  const counted = outcome?.counted ?? (isRefused ? [COUNTED.AR] : []);
  if (counted.length > 0) feeds.ended(row.sender, counted, Date.now() - row.receivedAt);
}
