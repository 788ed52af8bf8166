import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { MOST_TOGETHER, type JobQueue } from './write-thread.ts';
import type { Job, Outcome } from './write-job.ts';
import type { Writer } from './writer.ts';

/** A writer on this thread, for a database in memory: no disk to wait for, and reads on the same connection. Jobs of one turn go together. */
export class WriteInPlace implements JobQueue {
  readonly #writer: Writer;
  #waiting: { job: Job; resolve: (outcome: Outcome) => void }[] = [];
  stopped: string | undefined;

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  run(job: Job): Promise<Outcome> {
    if (this.stopped !== undefined) return Promise.reject(new IssueError(issue('store-unavailable')));
    return new Promise((resolve) => {
      this.#waiting.push({ job, resolve });
      if (this.#waiting.length === 1) setImmediate(() => this.#flush());
    });
  }

  close(): Promise<void> {
    while (this.#waiting.length > 0) this.#flush();
    this.stopped = 'the store is closed';
    return Promise.resolve();
  }

  #flush(): void {
    const together = this.#waiting.splice(0, MOST_TOGETHER);
    if (together.length === 0) return;
    const outcomes = this.#writer.run(together.map(({ job }) => job));
    together.forEach(({ resolve }, index) => resolve(outcomes[index] as Outcome));
    if (this.#waiting.length > 0) setImmediate(() => this.#flush());
  }
}
