import { Worker } from 'node:worker_threads';
import { LOG_PAGES, MOST_LOG_PAGES } from './connection.ts';
import type { DatabaseFault } from './database-error.ts';
import { type LogLength, logLengthOf } from './log-length.ts';

/** What the writer carries itself: it is little, and with nothing left the next transaction begins the log anew. Units: pages */
const REST_PAGES = 1_000;

/** What the thread that carries is told. */
export type ToCarrier = 'carry' | 'close';

/** What it says when it is through; undefined: all went well. */
export type FromCarrier = DatabaseFault | undefined;

/** Whose log it is. */
export interface LogOwner {
  /** Carries the log here and now: what can be without waiting, or all of it. */
  carryLog(how: 'PASSIVE' | 'TRUNCATE'): void;
  /** Hears that carrying failed. */
  notCarried(fault: DatabaseFault): void;
}

/**
 * Has the write-ahead log of a file carried into it beside the writer, by a thread with a connection of its own: it takes reading and writing
 * thousands of pages and a flush, up to a second where the disk is busy, and nobody is answered while the writer does it.
 */
export class LogKeeper {
  readonly #path: string;
  readonly #owner: LogOwner;
  readonly #lengthOf: () => LogLength;
  /** Started when it is first needed. */
  #carrier: Worker | undefined;
  #isCarrying = false;
  #before = 0;
  /** The length at which something is done next. Units: pages */
  #due = LOG_PAGES;

  constructor(path: string, owner: LogOwner) {
    this.#path = path;
    this.#owner = owner;
    this.#lengthOf = logLengthOf(path);
  }

  /** To be called after each transaction. */
  look(): void {
    const { pages, carried } = this.#lengthOf();
    if (pages < this.#before) this.#due = LOG_PAGES;
    this.#before = pages;
    if (pages < this.#due) return;
    // Where a reader of an old state is in the way nothing may come of it: not again at once.
    this.#due = pages + REST_PAGES;
    // It grows faster than it is carried: the writer waits for it.
    if (pages > MOST_LOG_PAGES) this.#owner.carryLog('TRUNCATE');
    else if (pages - carried <= REST_PAGES) this.#owner.carryLog('PASSIVE');
    else if (!this.#isCarrying) {
      this.#isCarrying = true;
      this.#carrier ??= this.#start();
      this.#carrier.postMessage('carry' satisfies ToCarrier, []);
    }
  }

  async close(): Promise<void> {
    const carrier = this.#carrier;
    if (carrier === undefined) return;
    const ended = new Promise((resolve) => carrier.once('exit', resolve));
    carrier.postMessage('close' satisfies ToCarrier, []);
    await ended;
  }

  #start(): Worker {
    const carrier = new Worker(new URL('./start-worker.js', import.meta.url), {
      workerData: { path: this.#path, carries: true },
      name: 'chartbridge store log',
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 },
    });
    return carrier.on('message', (fault: FromCarrier) => this.#carried(fault));
  }

  #carried(fault: FromCarrier): void {
    this.#isCarrying = false;
    if (fault !== undefined) return this.#owner.notCarried(fault);
    const { pages, carried } = this.#lengthOf();
    if (pages - carried <= REST_PAGES) this.#owner.carryLog('PASSIVE');
  }
}
