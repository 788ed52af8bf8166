import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { StoredVersion } from '../../store/store.ts';
import type { Conditions } from '../fhir-request.ts';

/**
 * Whether a header that lists entity tags names a version; * names any.
 *
 * Shape: namesVersion('W/"1", W/"2"', 2) is true
 */
export function namesVersion(header: string, version: number): boolean {
  return header
    .split(',')
    .map((tag) => tag.trim())
    .some((tag) => tag === '*' || tag.replace(/^W\//i, '').replace(/^"(.*)"$/, '$1') === String(version));
}

/**
 * Holds If-Match and If-None-Match against what is there.
 *
 * Fails: version-conflict, exists-already
 */
export function checkVersion(reference: string, current: StoredVersion | undefined, conditions: Conditions): void {
  const present = current === undefined || current.deleted ? undefined : current;
  const { ifMatch, ifNoneMatch } = conditions;
  if (ifMatch !== undefined && (present === undefined || !namesVersion(ifMatch, present.version))) {
    throw new IssueError(issue('version-conflict', { reference }));
  }
  if (ifNoneMatch !== undefined && present !== undefined && namesVersion(ifNoneMatch, present.version)) {
    throw new IssueError(issue('exists-already', { reference }));
  }
}
