import { DatabaseSync } from 'node:sqlite';
import { upgradeSchema } from './schema.ts';

/** The path of a database that lives in memory alone. */
export const IN_MEMORY = ':memory:';

/** How long a statement waits for another process's lock. Units: ms */
const BUSY_TIMEOUT_MS = 5_000;

/** How long a commit waits for it: its sender is told to send again while that is still of use, after what came just before it has waited too. Units: ms */
const COMMIT_WAIT_MS = 750;

/** SQLite keeps this much of the file in memory, for each connection. Units: KiB */
const CACHE_KIB = 48 * 1024;

/**
 * A commit logs every page it touches, and a message touches some two hundred of the index trees: pages of half the size are a third
 * less to write before it can be answered. Holds for a new file; an old one keeps its own.
 */
const PAGE_BYTES = 4_096;

/** The log is carried into the file when it is this long: seldom enough that pages written again and again are carried once. */
export const LOG_PAGES = 8_000;

/**
 * A log that is longer than this grows faster than it is carried. Its file is cut down to this when the log begins anew, and to no less: what is
 * written into new blocks of a file costs half as much again.
 */
export const MOST_LOG_PAGES = 4 * LOG_PAGES;

/** A connection that writes: write-ahead log, every commit on the disk before it is answered. */
export function openWriting(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: false });
  database.exec(
    `PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -${CACHE_KIB}; PRAGMA temp_store = MEMORY`,
  );
  // LogKeeper has the log carried.
  database.exec(`PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = ${MOST_LOG_PAGES * PAGE_BYTES}`);
  upgradeSchema(database);
  database.exec(`PRAGMA busy_timeout = ${COMMIT_WAIT_MS}`);
  return database;
}

/** A connection that carries the log of another into the file. */
export function openCarrying(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  database.exec('PRAGMA synchronous = FULL');
  return database;
}

/** A connection that only reads. */
export function openReading(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, readOnly: true });
  database.exec(`PRAGMA synchronous = FULL; PRAGMA cache_size = -${CACHE_KIB}; PRAGMA temp_store = MEMORY`);
  return database;
}

/**
 * Why what this connection commits could be lost, read back from the database itself; undefined when it could not.
 * A setting that was asked for is not always the one that holds: a reopened database can come back as NORMAL.
 */
export function whyNotDurable(database: DatabaseSync): string | undefined {
  const synchronous = Number(database.prepare('PRAGMA synchronous').get()?.['synchronous']);
  const mode = database.prepare('PRAGMA journal_mode').get()?.['journal_mode'];
  if (mode === 'memory') return undefined;
  if (synchronous < 2) return `synchronous is ${synchronous}, not FULL`;
  return mode === 'wal' ? undefined : `journal_mode is ${String(mode)}, not wal`;
}
