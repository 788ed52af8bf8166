import { setTimeout as wait } from 'node:timers/promises';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Claim, DocumentWrite, Guard, StoredVersion, Write } from '../../store/store.ts';
import type { Context } from '../context.ts';
import type { Reply } from '../reply.ts';

/** What a request is to change, decided on what the store held, and the answer once it is committed. */
export interface Decision {
  readonly writes: readonly Write[];
  readonly claims: readonly Claim[];
  readonly guards: readonly Guard[];
  readonly documents?: readonly DocumentWrite[];
  /** Made from what was committed, never from what was meant. */
  readonly answer: (committed: Committed) => Reply | Promise<Reply>;
}

/** The versions a commit made, by Shape: Patient/7f3c */
export type Committed = ReadonlyMap<string, StoredVersion>;

/** A decision that changes nothing. `guards`: what must hold all the same when it is part of a transaction. */
export function unchanged(reply: Reply, guards: readonly Guard[] = []): Decision {
  return { writes: [], claims: [], guards, answer: () => reply };
}

/**
 * Decides and commits; when another request was faster, decides anew on what is there then. So If-Match and conditional criteria are held
 * against the truth each time, and the answer is of the attempt that was committed.
 *
 * Fails: race-lost, and whatever the decision fails with
 */
export async function settle(decide: () => Promise<Decision>, context: Context): Promise<Reply> {
  for (let attempt = 1; attempt <= context.settings.maxAttempts; attempt += 1) {
    const { writes, claims, guards, documents = [], answer } = await decide();
    if (writes.length === 0) return answer(new Map());
    const commit = await context.store.commit({ writes, claims, guards, documents });
    if (commit.ok) return answer(new Map(commit.versions.map((version) => [`${version.type}/${version.id}`, version])));
    context.log.debug({ conflict: commit.conflict, attempt }, 'decide anew');
    await wait(Math.random() * Math.min(2 ** attempt, 64));
  }
  throw new IssueError(issue('race-lost'));
}
