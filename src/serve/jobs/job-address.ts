import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { toOperationOutcome } from '../../issue/operation-outcome.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import type { Context } from '../context.ts';
import { type Reply, resourceReply } from '../reply.ts';

/** Where exports and their files are, below the base. */
export const EXPORTS = '_export';

/** Where the answers to requests are that are fetched later. */
export const ANSWERS = '_async';

/** Whose jobs these are where nobody logs in: everybody's who knows their address, which cannot be guessed. The funnel puts who asks in its place. */
export const OWNER = '';

/** The jobs there are. Fails: throws IssueError operation-unknown */
export function jobsOf({ jobs }: Context, operation: string): Jobs {
  if (jobs === undefined) throw new IssueError(issue('operation-unknown', { operation }));
  return jobs;
}

/** 202, and where to ask. */
export function acceptedReply(place: typeof EXPORTS | typeof ANSWERS, id: string, { settings }: Context): Reply {
  const headers = { 'content-location': `${settings.baseUrl}/${place}/${id}`, 'preference-applied': 'respond-async' };
  return { ...resourceReply(toOperationOutcome([]), 202, headers), outcome: true };
}
