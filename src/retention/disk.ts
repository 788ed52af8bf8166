import { statfsSync } from 'node:fs';
import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { overStore } from '../store/over-store.ts';
import type { Store, StoreFile } from '../store/store.ts';
import { type Reserve, reserveAt } from './reserve.ts';

/** How the disk is. Units: bytes */
export interface DiskState {
  readonly free: number;
  readonly total: number;
  /** Nothing new is taken any more; what is left is for deletions and for the audit trail. */
  readonly isFull: boolean;
  readonly reserve: Reserve['state'];
}

/** The disk a store is on, watched. */
export interface Disk {
  readonly state: DiskState;
  /** Looks again, and gives up or takes its reserve. */
  check(): Promise<DiskState>;
  /** A store that takes nothing new while the disk is full. */
  guard(store: Store): Store;
}

/** What a disk is watched with. */
export interface DiskParts {
  /** A folder on it. */
  readonly folder: string;
  /** Undefined: nothing is refused before the database itself refuses. */
  readonly reserve: { readonly path: string; readonly size: number } | undefined;
  readonly log: {
    info(fields: object, words: string): void;
    warn(fields: object, words: string): void;
    error(fields: object, words: string): void;
  };
  /** How much is free there and how much there is; left out: what the system says. */
  readonly measure?: (folder: string) => { readonly free: number; readonly total: number };
}

/** What one write may add to the log: the pages it touches. */
const BYTES_A_WRITE = 64 * 1024;
const LEAST_MARGIN = 1024 * 1024;

/**
 * Watches a disk. To be made before the database on it is opened: on a full disk the reserve is given up at once, so that it can be opened.
 *
 * Room is what is free on the disk and within the database, less the reserve where that is owed. Below an eighth of the reserve the disk
 * counts as full, and from a quarter on as not full any more.
 */
export function watchDisk(parts: DiskParts): Disk {
  const { folder, log, measure = measured } = parts;
  const reserve = parts.reserve === undefined ? undefined : reserveAt(parts.reserve.path, parts.reserve.size);
  const margin = Math.max(LEAST_MARGIN, (reserve?.size ?? 0) / 8);
  let file: StoreFile | undefined;
  let isFull = false;
  let now = measure(folder);
  let checking: Promise<DiskState> | undefined;
  /** What was written since the last look, guessed. Units: bytes */
  let spent = 0;

  /** What is free on the disk, and within the database. */
  function settle(within: number): void {
    if (reserve === undefined) return;
    if (reserve.state === 'kept' && now.free < margin) {
      reserve.give();
      now = measure(folder);
      log.warn({ free: now.free }, 'the reserve on the disk is given up');
    }
    const owed = reserve.state === 'given up' ? reserve.size - reserve.held : 0;
    const room = reserve.state === 'none' ? Number.POSITIVE_INFINITY : now.free + within - owed;
    const was = isFull;
    isFull = room < (isFull ? 2 * margin : margin);
    if (isFull && !was) {
      log.error({ free: now.free, reserve: reserve.size }, 'the disk is full: nothing new is taken until there is room');
    }
    if (was && !isFull) log.info({ free: now.free }, 'the disk has room again');
  }

  async function look(): Promise<DiskState> {
    now = measure(folder);
    spent = 0;
    const space = await file?.space();
    settle(space?.free ?? 0);
    // while there still is room for it: a log that cannot be carried into the file any more grows for ever
    if (
      reserve !== undefined &&
      file !== undefined &&
      space !== undefined &&
      space.log > LEAST_MARGIN &&
      now.free < 2 * space.log + margin
    ) {
      await file.carryLog();
      now = measure(folder);
      settle((await file.space()).free);
    }
    if (reserve !== undefined && !isFull && reserve.state !== 'kept' && now.free >= 2 * reserve.size + margin) {
      reserve.make();
      now = measure(folder);
    }
    return disk.state;
  }

  /** A fast feed can fill a disk between two looks at it. */
  function spend(bytes: number): void {
    spent += bytes;
    if (spent > now.free / 4) void disk.check();
  }

  const refuse = <T>(): Promise<T> => Promise.reject(new IssueError(issue('disk-full')));
  const disk: Disk = {
    get state() {
      return { ...now, isFull, reserve: reserve?.state ?? 'none' };
    },
    check: () =>
      (checking ??= look()
        .catch((error: unknown) => {
          log.warn({ name: error instanceof Error ? error.name : typeof error }, 'the disk could not be looked after');
          return disk.state;
        })
        .finally(() => (checking = undefined))),
    guard(store) {
      if (reserve === undefined) return store;
      file = store.file;
      // what is free within the database is known only now
      if (isFull) void disk.check();
      const { journal } = store;
      return overStore(store, {
        journal: {
          ...journal,
          receive(arrival) {
            if (isFull) return refuse();
            spend(2 * (arrival.raw?.length ?? 0) + BYTES_A_WRITE);
            return journal.receive(arrival);
          },
        },
        commit(change) {
          const writes = change.writes?.length ?? 0;
          if (isFull && writes > 0) return refuse();
          spend(writes * BYTES_A_WRITE);
          return store.commit(change);
        },
        async health() {
          await disk.check();
          return isFull ? 'the disk is full: nothing new is taken' : store.health();
        },
      });
    },
  };
  settle(0);
  return disk;
}

function measured(folder: string): { free: number; total: number } {
  const { bsize, bavail, blocks } = statfsSync(folder);
  return { free: bsize * bavail, total: bsize * blocks };
}
