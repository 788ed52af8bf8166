import type { Store } from '../store/store.ts';
import { momentOf, momentSeq } from './export-moments.ts';
import { type Job, JOB_KIND } from './job.ts';
import type { KeptJob } from './tidy-jobs.ts';

/** What holding a job takes. */
export interface HoldMeans {
  readonly store: Store;
  readonly now: () => number;
  /** Who holds it. */
  readonly runner: string;
  /** How long it is held unless renewed. Units: ms */
  readonly leaseMs: number;
}

/** A job that is worked on here: it is held, and what becomes of it is kept one after the other. */
export class HeldJob {
  readonly #means: HoldMeans;
  readonly #renewal: NodeJS.Timeout;
  #job: Job;
  #text: string;
  #keeping: Promise<boolean> = Promise.resolve(true);
  /** It is another's now, or nobody's. */
  lost = false;

  constructor({ job, text }: KeptJob, means: HoldMeans) {
    this.#means = means;
    this.#job = job;
    this.#text = text;
    this.#renewal = setInterval(() => void this.keep({}).catch(() => undefined), means.leaseMs / 3).unref();
  }

  /** As it was last kept. */
  get job(): Job {
    return this.#job;
  }

  /** Keeps how far it is, and holds it on. False: it is lost. */
  keep(progress: Partial<Job>): Promise<boolean> {
    this.#keeping = this.#keeping.catch(() => true).then(() => (this.lost ? false : this.#keepNow(progress)));
    return this.#keeping;
  }

  /** Nothing more is kept. */
  async letGo(): Promise<void> {
    clearInterval(this.#renewal);
    await this.#keeping.catch(() => undefined);
  }

  async #keepNow(progress: Partial<Job>): Promise<boolean> {
    const { store, now, runner, leaseMs } = this.#means;
    const next = { ...this.#job, lease: { runner, until: now() + leaseMs }, ...progress } as Job;
    const json = JSON.stringify(next);
    const isExported = next.kind === 'export' && next.state === 'done' && (await momentSeq(store, next.time)) === undefined;
    const moment = isExported ? [momentOf(next.time, next.seq)] : [];
    const { ok } = await store.commit({ documents: [{ kind: JOB_KIND, key: next.id, json, expected: this.#text }, ...moment] });
    if (ok) [this.#job, this.#text] = [next, json];
    else this.lost = true;
    return ok;
  }
}
