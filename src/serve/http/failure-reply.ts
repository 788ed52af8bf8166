import type { Logger } from 'pino';
import { issue, type Issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { retryAfterOf, statusOf, toOperationOutcome } from '../../issue/operation-outcome.ts';
import { type Reply, resourceReply } from '../reply.ts';

/** What ended a request, as issues. Anything but an IssueError is a bug: it is logged under a reference, and only the reference is told. */
export function issuesOf(error: unknown, log: Logger, newId: () => string): readonly Issue[] {
  if (error instanceof IssueError) return error.issues;
  const reference = newId();
  log.error({ reference, fault: placesOf(error) }, 'internal');
  return [issue('internal', { reference })];
}

/** Where a bug is in our code. Its words stay out of the log: they may hold a value of a resource. */
function placesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [typeof error];
  const stack = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [error.name, ...stack.slice(0, 12).map((line) => line.trim())];
}

/** Issues as an answer: the status of the first error, an OperationOutcome, and when to come back. */
export function failureReply(issues: readonly Issue[], headers: Readonly<Record<string, string>> = {}): Reply {
  const status = statusOf(issues);
  return resourceReply(toOperationOutcome(issues), status, {
    ...headers,
    ...(status === 401 ? { 'www-authenticate': 'Bearer realm="fhir"' } : {}),
    ...retryAfterOf(issues),
  });
}
