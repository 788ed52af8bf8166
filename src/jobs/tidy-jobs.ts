import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store } from '../store/store.ts';
import { type Job, JOB_KIND } from './job.ts';
import { MOMENT_KIND } from './export-moments.ts';
import { forgetRequest, requestedJobs } from './kept-request.ts';
import { removeFiles } from './write-export.ts';

/** Times that stand for commits are kept this long: who asks less often than once a year is given more than is new. */
const MOMENTS_MS = 400 * 86_400_000;

/** A job and the text it is kept as. */
export interface KeptJob {
  readonly job: Job;
  readonly text: string;
}

/** The jobs there are; never many, since their number is limited and they end. */
export async function keptJobs(store: Store): Promise<KeptJob[]> {
  const jobs: KeptJob[] = [];
  for (let after = ''; ; ) {
    const some = await store.listDocuments(JOB_KIND, after, 100);
    jobs.push(...some.map(({ json }) => ({ job: JSON.parse(json) as Job, text: json })));
    const last = some.at(-1);
    if (last === undefined || some.length < 100) return jobs;
    after = last.key;
  }
}

/** Removes jobs out of date with their files, what is left of no job, and times nobody will ask for. */
export async function tidyJobs(store: Store, folder: string, now: number, keepMs: number): Promise<void> {
  const jobs = await keptJobs(store);
  for (const { job, text } of jobs) {
    if (!isOutOfDate(job, now, keepMs)) continue;
    await store.commit({ documents: [{ kind: JOB_KIND, key: job.id, expected: text }] });
    await removeFiles(folder, job.id);
  }
  const known = new Set(jobs.map(({ job }) => job.id));
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((one) => !known.has(one))) {
    const changed = (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? now;
    // another gateway's, perhaps: it has had time enough
    if (now - changed > 2 * keepMs) await removeFiles(folder, name);
  }
  for (const id of await requestedJobs(store))
    if (jobs.every(({ job }) => job.id !== id || job.state !== 'unfinished')) await forgetRequest(store, id);
  const moments = await store.listDocuments(MOMENT_KIND, '', 100);
  const old = moments.filter(({ key }) => Date.parse(key) < now - MOMENTS_MS);
  if (old.length > 0) await store.commit({ documents: old.map(({ key }) => ({ kind: MOMENT_KIND, key })) });
}

/** Whether a job has ended so long ago that it is no longer there for anybody. */
export function isOutOfDate({ ended }: Job, now: number, keepMs: number): boolean {
  return ended !== undefined && now >= ended + keepMs;
}
