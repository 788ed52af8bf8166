import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import type { Recorder } from './recorder.ts';
import { type Disk, type DiskParts, watchDisk } from './retention/disk.ts';
import { createRetention, type Retention } from './retention/retention.ts';
import { faultOf } from './issue/fault.ts';
import type { Store } from './store/store.ts';

const DISK_LOOKED_AT_MS = 5_000;
const ROUND_EVERY_MS = 60_000;
const DAY_MS = 86_400_000;

/** The disk of the configured database; to be watched before that is opened. A database in memory or on a server has no reserve here. */
export function watchDatabaseDisk(
  { DATABASE_URL: url, DISK_RESERVE_BYTES: size }: Config,
  log: DiskParts['log'],
  onFull: () => void,
): Disk {
  const path = url.startsWith('sqlite:') && url !== 'sqlite::memory:' ? url.slice('sqlite:'.length) : undefined;
  if (path !== undefined) mkdirSync(dirname(path), { recursive: true });
  return watchDisk({
    folder: path === undefined ? '.' : dirname(path),
    reserve: path === undefined || size === 0 ? undefined : { path: `${path}.reserve`, size },
    log,
    onFull,
  });
}

/** What upkeep works with. */
export interface UpkeepParts {
  readonly config: Config;
  readonly store: Store;
  readonly disk: Disk;
  readonly recorder: Recorder | undefined;
  readonly holder: string;
  readonly log: Logger;
}

/** Retention of messages by the settings; nothing is begun before `start`. */
export function retentionOf({ config, store, recorder, holder, log }: UpkeepParts): Retention {
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

/** Looks after disk and messages from now on; what it gives back ends that. */
export function startUpkeep({ disk, log }: UpkeepParts, retention: Retention): () => Promise<void> {
  const round = () =>
    void retention.round().catch((error: unknown) => log.error({ fault: faultOf(error) }, 'messages could not be forgotten'));
  const timers = [setInterval(() => void disk.check(), DISK_LOOKED_AT_MS), setInterval(round, ROUND_EVERY_MS)];
  for (const timer of timers) timer.unref();
  round();
  return async () => {
    for (const timer of timers) clearInterval(timer);
    await retention.stop();
  };
}
