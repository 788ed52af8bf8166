import { Worker } from 'node:worker_threads';
import { issue } from '../../issue/issue.ts';
import type { Issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { type DatabaseFault, errorOf } from './database-error.ts';
import type { Job, Outcome } from './write-job.ts';

/** The most jobs of one transaction: a bound on how long the first of them waits. */
export const MOST_TOGETHER = 256;

/** The most jobs that wait; what comes then is answered store-busy instead of filling the memory. */
const MOST_WAITING = 10_000;

/** What the writer's thread is told. */
export type ToWorker = { readonly number: number; readonly job: Job } | 'close';

/** What the writer's thread says. */
export type FromWorker =
  | { readonly kind: 'ready'; readonly reason: string | undefined }
  | { readonly kind: 'failed'; readonly fault: DatabaseFault; readonly issues: unknown }
  | { readonly kind: 'done'; readonly outcomes: readonly { readonly number: number; readonly outcome: Outcome }[] }
  | { readonly kind: 'closed' };

/** Where jobs go. The promise resolves when the outcome is durable. */
export interface JobQueue {
  run(job: Job): Promise<Outcome>;
  /** Why nothing can be written; undefined when it can. */
  readonly stopped: string | undefined;
  close(): Promise<void>;
}

/** What is longer changes hands instead of being copied. Units: bytes */
const LARGE_BYTES = 1024 * 1024;

/** The bytes of a large message, where they are all of their buffer. */
function handedOver(job: Job): ArrayBuffer[] {
  const raw = job.kind === 'receive' ? job.arrival.raw : undefined;
  const whole = raw !== undefined && raw.length > LARGE_BYTES && raw.length === raw.buffer.byteLength;
  return whole && raw.buffer instanceof ArrayBuffer ? [raw.buffer] : [];
}

interface Waiting {
  resolve(outcome: Outcome): void;
  reject(error: Error): void;
}

/** A writer in a thread of its own: an fsync there stops nobody here. */
export class WriteThread implements JobQueue {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #closing: (() => void) | undefined;
  stopped: string | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /**
   * Starts the thread and opens the database in it.
   *
   * Fails: throws store-newer, store-in-use, store-busy, store-unavailable
   */
  static open(path: string, alone: boolean): Promise<WriteThread> {
    const worker = new Worker(new URL('./start-worker.js', import.meta.url), {
      workerData: { path, alone },
      name: 'chartbridge store writer',
    });
    const thread = new WriteThread(worker);
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'done') thread.#done(message);
        else if (message.kind === 'closed') thread.#closing?.();
        else if (message.kind === 'ready') {
          thread.stopped = message.reason;
          resolve(thread);
        } else {
          void worker.terminate();
          reject(message.issues === undefined ? errorOf(message.fault) : new IssueError(...(message.issues as Issue[])));
        }
      });
      worker.on('error', (error) => {
        thread.#end(`the writer's thread failed: ${error instanceof Error ? error.message : String(error)}`);
        reject(new IssueError(issue('store-unavailable')));
      });
      worker.on('exit', () => {
        thread.#end("the writer's thread ended");
        thread.#closing?.();
      });
    });
  }

  run(job: Job): Promise<Outcome> {
    if (this.stopped !== undefined) return Promise.reject(new IssueError(issue('store-unavailable')));
    if (this.#waiting.size >= MOST_WAITING) return Promise.reject(new IssueError(issue('store-busy')));
    this.#last += 1;
    const number = this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#worker.postMessage({ number, job } satisfies ToWorker, handedOver(job));
    });
  }

  async close(): Promise<void> {
    if (this.#closing !== undefined) return;
    await new Promise<void>((resolve) => {
      this.#closing = resolve;
      this.#worker.postMessage('close' satisfies ToWorker, []);
    });
    this.stopped = 'the store is closed';
    await this.#worker.terminate();
  }

  #done(message: Extract<FromWorker, { kind: 'done' }>): void {
    for (const { number, outcome } of message.outcomes) {
      this.#waiting.get(number)?.resolve(outcome);
      this.#waiting.delete(number);
    }
  }

  #end(reason: string): void {
    this.stopped ??= reason;
    for (const waiting of this.#waiting.values()) waiting.reject(new IssueError(issue('store-uncertain')));
    this.#waiting.clear();
  }
}
