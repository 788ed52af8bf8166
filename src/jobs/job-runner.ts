import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { faultOf } from '../issue/fault.ts';
import { issue, type Issue } from '../issue/issue.ts';
import { Bug, IssueError } from '../issue/issue-error.ts';
import { momentOf, momentSeq } from './export-moments.ts';
import { type Job, JOB_KIND, type JobFile, type RequestJob } from './job.ts';
import { forgetRequest, markOf, type Perform, readRequest } from './kept-request.ts';
import { NdjsonFile } from './ndjson-file.ts';
import { keptJobs, type KeptJob } from './tidy-jobs.ts';
import { type ExportMeans, removeFiles, writeExport } from './write-export.ts';

/** What jobs are worked on with. */
export interface RunnerParts extends Pick<ExportMeans, 'store' | 'folder' | 'reading' | 'narrow' | 'newId'> {
  readonly now: () => number;
  /** After this a job whose gateway says nothing any more is taken up by another. Units: ms */
  readonly leaseMs?: number;
  readonly file?: ExportMeans['file'];
  /** What went wrong with a job, for the log. */
  readonly report: (job: string, issues: readonly Issue[], fault?: unknown) => void;
}

/** Works on jobs. */
export interface Runner {
  /** There may be work. */
  wake(): void;
  /** Whether it is being worked on here: then the work ends, and what it left goes. The job is no longer kept. */
  cancel(id: string): boolean;
  performBy(perform: Perform): void;
  /** Stops where it is. */
  close(): Promise<void>;
}

/** One that was begun so often and never got further may be what ends the gateway. */
const MOST_ATTEMPTS = 20;
/** What is another time perhaps not so. */
const PASSING: ReadonlySet<string> = new Set(['store-busy', 'store-unavailable', 'audit-unavailable']);
const FILE = { resources: 200_000, bytes: 256 * 1024 * 1024 };

/** Keeps how far a job is; false: it is another's now, or nobody's. */
type Keep = (progress: Partial<Job>) => Promise<boolean>;

/** Makes a runner. Of each kind one job is worked on at a time, oldest first. */
export function createRunner(parts: RunnerParts & { readonly leaseMs: number }): Runner {
  const { store, folder, now, newId, leaseMs, file = FILE } = parts;
  const runner = newId();
  const running = new Map<string, { cancelled: boolean }>();
  const lanes = new Map<Job['kind'], Promise<void>>();
  let perform: Perform | undefined;
  let stopping = false;

  /** Works on one job from where it is, renewing the lease meanwhile. False: the store does not take it now. */
  const work = async ({ job: begun, text }: KeptJob): Promise<boolean> => {
    let job = begun;
    let kept = text;
    const mine = { cancelled: false };
    running.set(job.id, mine);
    const keepNow: Keep = async (progress) => {
      const next = { ...job, lease: { runner, until: now() + leaseMs }, ...progress } as Job;
      const json = JSON.stringify(next);
      const moment = next.kind === 'export' && next.state === 'done' ? [momentOf(next.time, next.seq)] : [];
      const known = moment.length > 0 && (await momentSeq(store, next.time)) !== undefined;
      const commit = await store.commit({
        documents: [{ kind: JOB_KIND, key: next.id, json, expected: kept }, ...(known ? [] : moment)],
      });
      if (!commit.ok) mine.cancelled = true;
      else [job, kept] = [next, json];
      return commit.ok;
    };
    let renewing = Promise.resolve(true);
    const keep: Keep = (progress) => {
      renewing = renewing.catch(() => true).then(() => (mine.cancelled ? false : keepNow(progress)));
      return renewing;
    };
    const mustStop = () => stopping || mine.cancelled;
    const renewal = setInterval(() => void keep({}).catch(() => undefined), leaseMs / 3).unref();
    try {
      const attempts = (job.attempts ?? 0) + 1;
      if (!(await keep({ attempts }))) return true;
      if (attempts > MOST_ATTEMPTS) throw new IssueError(issue('export-failed', { reason: `it was begun ${MOST_ATTEMPTS} times in vain` }));
      const further: Keep = (progress) => keep({ ...progress, attempts: 0 });
      const ended =
        job.kind === 'export'
          ? (await writeExport(job, { ...parts, file, keep: further, mustStop })) && {}
          : await answer(job, { ...parts, perform: required(perform), mustStop });
      if (ended !== false) await keep({ ...ended, state: 'done', ended: now() });
      else if (stopping) await keep({ lease: { runner, until: 0 }, attempts: attempts - 1 });
    } catch (error) {
      const isPassing = error instanceof IssueError && error.issues.some(({ id }) => PASSING.has(id));
      const issues = error instanceof IssueError ? error.issues : [issue('export-failed', { reason: codeOf(error) })];
      if (job.kind === 'export' || issues.some(({ id }) => id === 'export-failed'))
        parts.report(job.id, issues, error instanceof IssueError ? undefined : faultOf(error));
      // what passes leaves the job to be taken up again when its lease has run out
      if (isPassing) await keep({ attempts: begun.attempts ?? 0 }).catch(() => false);
      else await keep({ state: 'failed', ended: now(), issues });
      return !isPassing;
    } finally {
      clearInterval(renewal);
      await renewing.catch(() => undefined);
      running.delete(job.id);
      // cancelled, or another gateway's now: then the files are its own
      const [there] = mine.cancelled ? await store.documents([{ kind: JOB_KIND, key: job.id }]) : ['kept'];
      if (there === undefined) await removeFiles(folder, job.id);
      if (job.kind === 'request' && (there === undefined || job.state !== 'unfinished')) await forgetRequest(store, job.id);
    }
    return true;
  };

  /** One job of a kind after the other, as long as there is one that nobody works on. */
  const pump = async (kind: Job['kind']): Promise<void> => {
    for (;;) {
      if (stopping || (kind === 'request' && perform === undefined)) return;
      const open = (await keptJobs(store)).filter(
        ({ job }) => job.kind === kind && job.state === 'unfinished' && (job.lease?.until ?? 0) <= now(),
      );
      const [next] = open.sort((a, b) => a.job.time - b.job.time);
      if (next === undefined || !(await work(next))) return;
    }
  };

  const wake = (): void => {
    for (const kind of ['export', 'request'] as const) {
      if (lanes.has(kind)) continue;
      const lane = pump(kind)
        .catch((error: unknown) => parts.report('', error instanceof IssueError ? error.issues : [], faultOf(error)))
        .finally(() => lanes.delete(kind));
      lanes.set(kind, lane);
    }
  };

  return {
    wake,
    cancel(id) {
      const found = running.get(id);
      if (found !== undefined) found.cancelled = true;
      return found !== undefined;
    },
    performBy(by) {
      perform = by;
    },
    async close() {
      stopping = true;
      await Promise.all(lanes.values());
    },
  };
}

interface AnswerMeans extends Pick<RunnerParts, 'store' | 'folder' | 'newId' | 'now'> {
  readonly perform: Perform;
  readonly mustStop: () => boolean;
}

/** Carries out a request; its answer is a file of one line. False: it did not come to its end. */
async function answer({ id }: RequestJob, means: AnswerMeans): Promise<{ time: number; files: JobFile[] } | false> {
  const { store, folder, newId, now, perform, mustStop } = means;
  const asked = await readRequest(store, id);
  if (asked === undefined) throw new Bug('a job has lost its request');
  const answered = await perform(asked, { mark: (part) => markOf(id, part), mustStop });
  if (answered === undefined) return false;
  const time = now();
  const { type, json, patients } = answered;
  const into = join(folder, id);
  await mkdir(into, { recursive: true, mode: 0o700 });
  const line = await NdjsonFile.create(into, { name: `${type}-1-${newId()}.ndjson`, kind: 'output', type });
  await line.add(json, patients);
  return { time, files: [await line.finish()] };
}

function required(perform: Perform | undefined): Perform {
  if (perform === undefined) throw new Bug('nobody carries out requests');
  return perform;
}

/** Why the disk did not take it. Shape: ENOSPC */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'an error of our own: see the log';
}
