import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { faultOf } from '../issue/fault.ts';
import { issue, type Issue } from '../issue/issue.ts';
import { Bug, IssueError } from '../issue/issue-error.ts';
import { HeldJob } from './held-job.ts';
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

/** Makes a runner. Of each kind one job is worked on at a time, oldest first. */
export function createRunner(parts: RunnerParts & { readonly leaseMs: number }): Runner {
  const { store, folder, now, newId, leaseMs, file = FILE } = parts;
  const runner = newId();
  const running = new Map<string, HeldJob>();
  const lanes = new Map<Job['kind'], { again: boolean; readonly ended: Promise<void> }>();
  let perform: Perform | undefined;
  let stopping = false;

  /** Does the work of a job from where it is; what is to be kept of its end, false when it did not come to it. */
  const carryOut = async (held: HeldJob): Promise<Partial<Job> | false> => {
    const { job } = held;
    const mustStop = () => stopping || held.lost;
    if (job.kind === 'request') return answer(job, { ...parts, perform: required(perform), mustStop });
    const keep = (progress: Partial<Job>) => held.keep({ ...progress, attempts: 0 });
    return (await writeExport(job, { ...parts, file, keep, mustStop })) && {};
  };

  /** Works on one job. False: the store does not take it now. */
  const work = async (kept: KeptJob): Promise<boolean> => {
    const held = new HeldJob(kept, { store, now, runner, leaseMs });
    const { id, kind, attempts = 0 } = kept.job;
    running.set(id, held);
    try {
      if (!(await held.keep({ attempts: attempts + 1 }))) return true;
      if (attempts >= MOST_ATTEMPTS)
        throw new IssueError(issue('export-failed', { reason: `it was begun ${MOST_ATTEMPTS} times in vain` }));
      const ended = await carryOut(held);
      if (ended !== false) await held.keep({ ...ended, state: 'done', ended: now() });
      else if (stopping) await held.keep({ lease: { runner, until: 0 }, attempts });
    } catch (error) {
      const isPassing = error instanceof IssueError && error.issues.some((one) => PASSING.has(one.id));
      const issues = error instanceof IssueError ? error.issues : [issue('export-failed', { reason: codeOf(error) })];
      // what is wrong with a request is its answer
      if (kind === 'export' || issues.some((one) => one.id === 'export-failed'))
        parts.report(id, issues, error instanceof IssueError ? undefined : faultOf(error));
      // what passes leaves the job to be taken up again when nobody holds it any more
      if (isPassing) await held.keep({ attempts }).catch(() => false);
      else await held.keep({ state: 'failed', ended: now(), issues });
      return !isPassing;
    } finally {
      await held.letGo();
      running.delete(id);
      // cancelled, or another gateway's now: then the files are its own
      const [there] = held.lost ? await store.documents([{ kind: JOB_KIND, key: id }]) : ['kept'];
      if (there === undefined) await removeFiles(folder, id);
      if (kind === 'request' && (there === undefined || held.job.state !== 'unfinished')) await forgetRequest(store, id);
    }
    return true;
  };

  /** One job of a kind after the other, as long as there is one that nobody holds. */
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

  const wakeLane = (kind: Job['kind']): void => {
    const busy = lanes.get(kind);
    if (busy !== undefined) {
      // it may have looked already
      busy.again = true;
      return;
    }
    const ended = pump(kind)
      .catch((error: unknown) => parts.report('', error instanceof IssueError ? error.issues : [], faultOf(error)))
      .finally(() => {
        lanes.delete(kind);
        if (lane.again && !stopping) wakeLane(kind);
      });
    const lane = { again: false, ended };
    lanes.set(kind, lane);
  };

  return {
    wake() {
      wakeLane('export');
      wakeLane('request');
    },
    cancel(id) {
      const found = running.get(id);
      if (found !== undefined) found.lost = true;
      return found !== undefined;
    },
    performBy(by) {
      perform = by;
    },
    async close() {
      stopping = true;
      await Promise.all([...lanes.values()].map(({ ended }) => ended));
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
