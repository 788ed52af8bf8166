import type { DocumentKey, DocumentWrite, Store } from '../store/store.ts';

/** What is kept of a request until it is answered. */
const ASKED = 'job-request';
/** Marks of what a request has written already: each is part of the change it tells of. */
const MARKS = 'job-mark';
const TOGETHER = 200;

/** One way through a request that is carried out as a job. */
export interface Run {
  /** The document that is written with a part of the request, so that it is done once however often the job begins anew. */
  readonly mark: (part: number) => DocumentKey;
  /** Asked between parts: whether the work is to end where it is. */
  readonly mustStop: () => boolean;
}

/**
 * Carries out a request, as it was kept; what it answers is a resource. Undefined: it ended before its end, and is to begin anew.
 *
 * Fails: throws IssueError, which is the answer then
 */
export type Perform = (asked: string, run: Run) => Promise<Answered | undefined>;

/** The resource that is an answer, and the ids of the patients whose data is in it. */
export interface Answered {
  readonly type: string;
  readonly json: string;
  readonly patients: Iterable<string>;
}

/** What was asked, as a document. */
export function keptRequest(job: string, asked: string): DocumentWrite {
  return { kind: ASKED, key: job, json: asked, expected: null };
}

/** What was asked; undefined when the job has ended. */
export async function readRequest(store: Store, job: string): Promise<string | undefined> {
  return (await store.documents([{ kind: ASKED, key: job }]))[0];
}

/** The mark that an entry of a request leaves in the commit that carries it out: a job begun again passes the entry over. */
export function markOf(job: string, part: number): DocumentKey {
  return { kind: MARKS, key: `${job}/${part}` };
}

/** Removes what was kept for a job that goes on no more; the request last, so that tidying finds what is left of any. */
export async function forgetRequest(store: Store, job: string): Promise<void> {
  const prefix = `${job}/`;
  for (let after = prefix; ; ) {
    const marks = await store.listDocuments(MARKS, after, TOGETHER, prefix);
    if (marks.length > 0) await store.commit({ documents: marks.map(({ key }) => ({ kind: MARKS, key })) });
    if (marks.length < TOGETHER) break;
    after = marks.at(-1)?.key ?? '';
  }
  await store.commit({ documents: [{ kind: ASKED, key: job }] });
}

/** The jobs there is a request of. */
export async function requestedJobs(store: Store): Promise<string[]> {
  return (await store.listDocuments(ASKED, '', TOGETHER)).map(({ key }) => key);
}
