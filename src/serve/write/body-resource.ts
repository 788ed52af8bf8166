import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { FhirRequest } from '../fhir-request.ts';

/** The resource a request brought. Fails: body-missing */
export function bodyResource(request: FhirRequest): Record<string, unknown> {
  if (request.body?.kind !== 'resource') throw new IssueError(issue('body-missing'));
  return request.body.value;
}
