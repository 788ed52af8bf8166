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

/** What the writer's thread is told: the jobs of one transaction, or to end. */
export type ToWorker = readonly Job[] | 'close';

/** What the writer's thread says. */
export type FromWorker =
  | { readonly kind: 'ready'; readonly reason: string | undefined }
  | { readonly kind: 'failed'; readonly fault: DatabaseFault; readonly issues: unknown }
  | { readonly kind: 'done'; readonly outcomes: readonly Outcome[] }
  | { readonly kind: 'closed' };

/** Where jobs go. The promise resolves when the outcome is durable. */
export interface JobQueue {
  run(job: Job): Promise<Outcome>;
  /** Why nothing can be written; undefined when it can. */
  readonly stopped: string | undefined;
  close(): Promise<void>;
}

interface Waiting {
  readonly job: Job;
  resolve(outcome: Outcome): void;
  reject(error: Error): void;
}

/** The most transactions the thread has been told of before it is told more: one it works on, and one it need not wait for. */
const MOST_TOLD = 2;

/**
 * A writer in a thread of its own: an fsync there stops nobody here.
 *
 * What comes while it has enough to do goes to it together: a page that several jobs change is written once. Arrivals have a transaction of
 * their own before the others: they are soon kept, and what they begin here goes on beside the rest.
 */
export class WriteThread implements JobQueue {
  readonly #worker: Worker;
  /** What the thread has not been told. */
  readonly #waiting: Waiting[] = [];
  /** What it has been told and has not answered, a transaction each. */
  readonly #told: Waiting[][] = [];
  #next: NodeJS.Immediate | undefined;
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
    if (this.#waiting.length >= MOST_WAITING) return Promise.reject(new IssueError(issue('store-busy')));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject });
      this.#tellSoon();
    });
  }

  #tellSoon(): void {
    if (this.#next !== undefined || this.#told.length >= MOST_TOLD) return;
    if (this.#waiting.length > 0 || this.#closing !== undefined) this.#next = setImmediate(() => this.#tell());
  }

  #tell(): void {
    this.#next = undefined;
    const next = this.#waiting.splice(0, MOST_TOGETHER);
    const isArrival = ({ job }: Waiting): boolean => job.kind === 'receive';
    for (const transaction of [next.filter(isArrival), next.filter((one) => !isArrival(one))]) {
      if (transaction.length === 0) continue;
      this.#told.push(transaction);
      const jobs = transaction.map(({ job }) => job);
      const pieces = jobs.flatMap((job) => (job.kind === 'piece' ? [job.bytes.buffer] : []));
      this.#worker.postMessage(jobs satisfies ToWorker, pieces);
    }
    if (this.#told.length === 0) this.#worker.postMessage('close' satisfies ToWorker, []);
  }

  async close(): Promise<void> {
    if (this.#closing !== undefined) return;
    await new Promise<void>((resolve) => {
      this.#closing = resolve;
      this.#tellSoon();
    });
    this.stopped = 'the store is closed';
    await this.#worker.terminate();
  }

  #done(message: Extract<FromWorker, { kind: 'done' }>): void {
    const told = this.#told.shift();
    for (const [index, outcome] of message.outcomes.entries()) told?.[index]?.resolve(outcome);
    this.#tellSoon();
  }

  #end(reason: string): void {
    this.stopped ??= reason;
    for (const told of this.#told.splice(0).flat()) told.reject(new IssueError(issue('store-uncertain')));
    for (const waiting of this.#waiting.splice(0)) waiting.reject(new IssueError(issue('store-unavailable')));
  }
}
