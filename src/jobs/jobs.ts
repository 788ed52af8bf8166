import { join } from 'node:path';
import { issue, type Issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { faultOf } from '../issue/fault.ts';
import type { DocumentWrite } from '../store/store.ts';
import type { ExportRequest } from './export-request.ts';
import { exportedCount, type ExportJob, type Job, JOB_KIND, type JobFile } from './job.ts';
import { createRunner, type RunnerParts } from './job-runner.ts';
import { forgetRequest, keptRequest, type Perform } from './kept-request.ts';
import { patientsBeside } from './ndjson-file.ts';
import { isOutOfDate, keptJobs, tidyJobs } from './tidy-jobs.ts';
import { removeFiles } from './write-export.ts';

/** What jobs are made with. */
export interface JobsParts extends RunnerParts {
  /** How long a finished job and its files are kept. Units: ms */
  readonly keepMs: number;
  /** Jobs of a kind not finished, of everybody together; above it a kick-off is refused. */
  readonly mostJobs?: number;
}

/** How a job is, as its owner is told. */
export type JobStatus =
  | { readonly state: 'unfinished'; readonly progress: string; readonly retryAfterSeconds: number }
  | {
      readonly state: 'done';
      readonly kind: Job['kind'];
      readonly request: string;
      /** UTC ms. */
      readonly time: number;
      /** UTC ms. */
      readonly expires: number;
      readonly files: readonly JobFile[];
    }
  | { readonly state: 'failed'; readonly issues: readonly Issue[] };

/** Where a file of a job is, and where the patients are named whose data is in it, an id a line. */
export interface FoundFile {
  readonly path: string;
  readonly bytes: number;
  readonly patients: string;
}

/**
 * Work that is asked for and fetched later: bulk exports, and requests with Prefer: respond-async. A job outlives a restart; it and its files
 * are its owner's alone: to others it is not there.
 */
export interface Jobs {
  /** The id of the new job. Fails: too-many-requests */
  kickOff(request: ExportRequest, owner: string): Promise<string>;
  /** The same for a request; `asked` is what is handed to who carries it out. Fails: too-many-requests */
  answerLater(url: string, asked: string, owner: string): Promise<string>;
  /** Fails: export-not-found, too-many-requests (asked too often) */
  status(id: string, owner: string): Promise<JobStatus>;
  /** Ends a job, finished or not, and removes its files. What a request has written already stays. Fails: export-not-found */
  cancel(id: string, owner: string): Promise<void>;
  /** Fails: export-not-found */
  file(id: string, name: string, owner: string): Promise<FoundFile>;
  /** Who carries out requests; until it is told they wait. */
  performBy(perform: Perform): void;
  /** Takes up what was not finished, and removes what is out of date, from now on. */
  start(): void;
  /** Stops where it is; another start goes on. */
  close(): Promise<void>;
}

const MOST_JOBS = 8;
const LEASE_MS = 15_000;
/** How often a job may be asked after. */
const POLLS = { most: 20, withinMs: 5_000 };

/** Makes them. Of each kind one job is worked on at a time; the others wait. */
export function createJobs(parts: JobsParts): Jobs {
  const { store, folder, now, newId } = parts;
  const { mostJobs = MOST_JOBS, leaseMs = LEASE_MS } = parts;
  const runner = createRunner({ ...parts, leaseMs });
  const polls = new Map<string, { since: number; count: number }>();
  let timer: NodeJS.Timeout | undefined;

  const find = async (id: string, owner: string): Promise<Job> => {
    const [text] = await store.documents([{ kind: JOB_KIND, key: id }]);
    const job = text === undefined ? undefined : (JSON.parse(text) as Job);
    if (job === undefined || job.owner !== owner || isOutOfDate(job, now(), parts.keepMs)) throw new IssueError(issue('export-not-found'));
    return job;
  };

  const begin = async (job: Job, ...beside: DocumentWrite[]): Promise<string> => {
    const unfinished = (await keptJobs(store)).filter((one) => one.job.state === 'unfinished' && one.job.kind === job.kind);
    if (unfinished.length >= mostJobs) throw new IssueError(issue('too-many-requests'));
    await store.commit({ documents: [{ kind: JOB_KIND, key: job.id, json: JSON.stringify(job), expected: null }, ...beside] });
    runner.wake();
    return job.id;
  };

  return {
    async kickOff(request, owner) {
      // the time first: whatever is committed before this commit was written at or before it, whatever comes later at or after it
      const time = now();
      const { seq } = (await store.commit({})) as { seq: number };
      return begin({ id: newId(), kind: 'export', owner, request, seq, time, state: 'unfinished', typesDone: 0, after: 0, files: [] });
    },

    answerLater(url, asked, owner) {
      const id = newId();
      return begin({ id, kind: 'request', owner, request: { url }, time: now(), state: 'unfinished', files: [] }, keptRequest(id, asked));
    },

    async status(id, owner) {
      const job = await find(id, owner);
      if (job.state !== 'unfinished') polls.delete(id);
      if (job.state === 'failed') return { state: 'failed', issues: job.issues ?? [] };
      if (job.state === 'done') {
        const { kind, request, time, ended = time, files } = job;
        return { state: 'done', kind, request: request.url, time, expires: ended + parts.keepMs, files };
      }
      const poll = polls.get(id);
      if (poll === undefined || now() - poll.since > POLLS.withinMs) polls.set(id, { since: now(), count: 1 });
      else if ((poll.count += 1) > POLLS.most) throw new IssueError(issue('too-many-requests'));
      const age = now() - job.time;
      return { state: 'unfinished', progress: progressOf(job), retryAfterSeconds: Math.max(1, Math.min(30, Math.round(age / 20_000))) };
    },

    async cancel(id, owner) {
      const { kind } = await find(id, owner);
      await store.commit({ documents: [{ kind: JOB_KIND, key: id }] });
      polls.delete(id);
      if (runner.cancel(id)) return;
      await removeFiles(folder, id);
      if (kind === 'request') await forgetRequest(store, id);
    },

    async file(id, name, owner) {
      const job = await find(id, owner);
      const found = job.state === 'done' ? job.files.find((one) => one.name === name) : undefined;
      if (found === undefined) throw new IssueError(issue('export-not-found'));
      const path = join(folder, job.id, found.name);
      return { path, bytes: found.bytes, patients: patientsBeside(path) };
    },

    performBy: (perform) => runner.performBy(perform),

    start() {
      const round = (): void => {
        runner.wake();
        tidyJobs(store, folder, now(), parts.keepMs).catch((error: unknown) =>
          parts.report('', error instanceof IssueError ? error.issues : [], faultOf(error)),
        );
      };
      timer = setInterval(round, leaseMs).unref();
      round();
    },

    async close() {
      clearInterval(timer);
      await runner.close();
    },
  };
}

function progressOf(job: Job): string {
  if (job.kind === 'export') return exportProgress(job);
  return job.lease === undefined ? 'waiting' : 'in progress';
}

/** Shape: 40%, 12345 resources so far, now Observation */
function exportProgress(job: ExportJob): string {
  const { typesDone, after, seq, request } = job;
  const share = (typesDone + (seq === 0 ? 0 : after / seq)) / Math.max(1, request.types.length);
  const now = request.types[typesDone];
  return `${Math.floor(share * 100)}%, ${exportedCount(job)} resources so far${now === undefined ? '' : `, now ${now}`}`;
}
