import { join } from 'node:path';
import { faultOf } from '../issue/fault.ts';
import { issue, type Issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { type ExportFile, exportedCount, type ExportJob, JOB_KIND } from './export-job.ts';
import { momentOf, momentSeq } from './export-moments.ts';
import type { ExportRequest } from './export-request.ts';
import { isOutOfDate, keptJobs, tidyExports } from './tidy-exports.ts';
import { type ExportMeans, removeFiles, writeExport } from './write-export.ts';

/** What an exporter is made of. */
export interface ExporterParts extends Pick<ExportMeans, 'store' | 'folder' | 'reading' | 'narrow' | 'newId'> {
  readonly now: () => number;
  /** How long a finished job and its files are kept. Units: ms */
  readonly keepMs: number;
  /** Jobs not finished, of everybody together; above it a kick-off is refused. */
  readonly mostJobs?: number;
  /** After this a job whose gateway says nothing any more is taken up by another. Units: ms */
  readonly leaseMs?: number;
  readonly file?: ExportMeans['file'];
  /** What went wrong with a job, for the log. */
  readonly report: (job: string, issues: readonly Issue[], fault?: unknown) => void;
}

/** How a job is. */
export type ExportStatus =
  | { readonly state: 'unfinished'; readonly progress: string; readonly retryAfterSeconds: number }
  | {
      readonly state: 'done';
      readonly request: string;
      /** UTC ms. */
      readonly time: number;
      /** UTC ms. */
      readonly expires: number;
      readonly files: readonly ExportFile[];
    }
  | { readonly state: 'failed'; readonly issues: readonly Issue[] };

/** Bulk exports: begun, asked after, ended, read. Every job and file is its owner's alone: to others it is not there. */
export interface Exporter {
  /** The id of the new job. Fails: too-many-requests */
  kickOff(request: ExportRequest, owner: string): Promise<string>;
  /** Fails: export-not-found, too-many-requests (asked too often) */
  status(id: string, owner: string): Promise<ExportStatus>;
  /** Ends a job, finished or not, and removes its files. Fails: export-not-found */
  cancel(id: string, owner: string): Promise<void>;
  /** Where a file is. Fails: export-not-found */
  file(id: string, name: string, owner: string): Promise<{ readonly path: string; readonly bytes: number }>;
  /** Takes up what was not finished, and removes what is out of date, from now on. */
  start(): void;
  /** Stops where it is; another start goes on. */
  close(): Promise<void>;
}

const MOST_JOBS = 8;
const LEASE_MS = 15_000;
const FILE = { resources: 200_000, bytes: 256 * 1024 * 1024 };
/** How often a job may be asked after. */
const POLLS = { most: 20, withinMs: 5_000 };
/** Makes the exporter. One job is written at a time; the others wait. */
export function createExporter(parts: ExporterParts): Exporter {
  const { store, folder, now, newId } = parts;
  const { mostJobs = MOST_JOBS, leaseMs = LEASE_MS, file = FILE } = parts;
  const runner = newId();
  const polls = new Map<string, { since: number; count: number }>();
  let stopping = false;
  let running: { id: string; cancelled: boolean } | undefined;
  let pumping: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const find = async (id: string, owner: string): Promise<{ job: ExportJob; text: string }> => {
    const [text] = await store.documents([{ kind: JOB_KIND, key: id }]);
    const job = text === undefined ? undefined : (JSON.parse(text) as ExportJob);
    if (text === undefined || job === undefined || job.owner !== owner || isOutOfDate(job, now(), parts.keepMs))
      throw new IssueError(issue('export-not-found'));
    return { job, text };
  };

  /** Writes one job from where it is, renewing the lease meanwhile. False: the store does not take it now. */
  const work = async (begun: ExportJob, text: string): Promise<boolean> => {
    let job = begun;
    let kept = text;
    const mine = { id: job.id, cancelled: false };
    running = mine;
    const keep = async (progress: Partial<ExportJob>): Promise<boolean> => {
      const next: ExportJob = { ...job, lease: { runner, until: now() + leaseMs }, ...progress };
      const json = JSON.stringify(next);
      const moments = next.state === 'done' ? [momentOf(next.time, next.seq)] : [];
      const known = moments.length > 0 && (await momentSeq(store, next.time)) !== undefined;
      const commit = await store.commit({
        documents: [{ kind: JOB_KIND, key: next.id, json, expected: kept }, ...(known ? [] : moments)],
      });
      if (!commit.ok) mine.cancelled = true;
      else [job, kept] = [next, json];
      return commit.ok;
    };
    let renewing = Promise.resolve(true);
    const inTurn = (progress: Partial<ExportJob>): Promise<boolean> => {
      renewing = renewing.catch(() => true).then(() => (mine.cancelled ? false : keep(progress)));
      return renewing;
    };
    const renewal = setInterval(() => void inTurn({}).catch(() => undefined), leaseMs / 3).unref();
    try {
      if (!(await inTurn({}))) return true;
      const means: ExportMeans = { ...parts, file, keep: inTurn, mustStop: () => stopping || mine.cancelled };
      if (await writeExport(job, means)) await inTurn({ state: 'done', ended: now() });
      else if (stopping) await inTurn({ lease: { runner, until: 0 } });
    } catch (error) {
      const isPassing = error instanceof IssueError && error.issues.some(({ id }) => id === 'store-busy' || id === 'store-unavailable');
      const issues = error instanceof IssueError ? error.issues : [issue('export-failed', { reason: codeOf(error) })];
      parts.report(job.id, issues, error instanceof IssueError ? undefined : faultOf(error));
      // what passes leaves the job as it is: it is taken up again when its lease has run out
      if (!isPassing) await inTurn({ state: 'failed', ended: now(), issues });
      return !isPassing;
    } finally {
      clearInterval(renewal);
      await renewing.catch(() => undefined);
      running = undefined;
      // cancelled, or another gateway's now: then the files are its own
      const [there] = mine.cancelled ? await store.documents([{ kind: JOB_KIND, key: mine.id }]) : ['kept'];
      if (there === undefined) await removeFiles(folder, mine.id);
    }
    return true;
  };

  /** One job after the other, as long as there is one that nobody works on. */
  const pump = async (): Promise<void> => {
    for (;;) {
      if (stopping) return;
      const open = (await keptJobs(store)).filter(({ job }) => job.state === 'unfinished' && (job.lease?.until ?? 0) <= now());
      const [next] = open.sort((a, b) => a.job.time - b.job.time);
      if (next === undefined) return;
      if (!(await work(next.job, next.text))) return;
    }
  };

  const told = (error: unknown): void => parts.report('', error instanceof IssueError ? error.issues : [], faultOf(error));

  const wake = (): void => {
    pumping ??= pump()
      .catch(told)
      .finally(() => {
        pumping = undefined;
      });
  };

  return {
    async kickOff(request, owner) {
      const unfinished = (await keptJobs(store)).filter(({ job }) => job.state === 'unfinished');
      if (unfinished.length >= mostJobs) throw new IssueError(issue('too-many-requests'));
      // the time first: whatever is committed before this commit was written at or before it, whatever comes later at or after it
      const time = now();
      const { seq } = (await store.commit({})) as { seq: number };
      const id = newId();
      const job: ExportJob = { id, owner, request, seq, time, state: 'unfinished', typesDone: 0, after: 0, files: [] };
      await store.commit({ documents: [{ kind: JOB_KIND, key: id, json: JSON.stringify(job), expected: null }] });
      wake();
      return id;
    },

    async status(id, owner) {
      const { job } = await find(id, owner);
      if (job.state === 'failed') return { state: 'failed', issues: job.issues ?? [] };
      if (job.state === 'done') {
        polls.delete(id);
        const { request, time, ended = time, files } = job;
        return { state: 'done', request: request.url, time, expires: ended + parts.keepMs, files };
      }
      const poll = polls.get(id);
      if (poll === undefined || now() - poll.since > POLLS.withinMs) polls.set(id, { since: now(), count: 1 });
      else if ((poll.count += 1) > POLLS.most) throw new IssueError(issue('too-many-requests'));
      const age = now() - job.time;
      return { state: 'unfinished', progress: progressOf(job), retryAfterSeconds: Math.max(1, Math.min(30, Math.round(age / 20_000))) };
    },

    async cancel(id, owner) {
      await find(id, owner);
      await store.commit({ documents: [{ kind: JOB_KIND, key: id }] });
      polls.delete(id);
      if (running?.id === id) running.cancelled = true;
      else await removeFiles(folder, id);
    },

    async file(id, name, owner) {
      const { job } = await find(id, owner);
      const found = job.state === 'done' ? job.files.find((one) => one.name === name) : undefined;
      if (found === undefined) throw new IssueError(issue('export-not-found'));
      return { path: join(folder, job.id, found.name), bytes: found.bytes };
    },

    start() {
      wake();
      const round = (): void => {
        wake();
        tidyExports(store, folder, now(), parts.keepMs).catch(told);
      };
      timer = setInterval(round, leaseMs).unref();
      round();
    },

    async close() {
      stopping = true;
      clearInterval(timer);
      await pumping;
    },
  };
}

/** Shape: 40%, 12345 resources so far, now Observation */
function progressOf(job: ExportJob): string {
  const { typesDone, after, seq, request } = job;
  const share = (typesDone + (seq === 0 ? 0 : after / seq)) / Math.max(1, request.types.length);
  const now = request.types[typesDone];
  return `${Math.floor(share * 100)}%, ${exportedCount(job)} resources so far${now === undefined ? '' : `, now ${now}`}`;
}

/** Why the disk did not take it. Shape: ENOSPC */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'an error of our own: see the log';
}
