import { EVERYTHING } from '../../fhir/search-query.ts';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { ExportRequest } from '../../jobs/export-request.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import type { Access } from '../../secure/access.ts';

/** Jobs as one caller may have them: types and resources outside its scopes are in no export, and a job is its owner's alone. */
export function authorisedJobs(jobs: Jobs, access: Access): Jobs {
  return {
    ...jobs,
    kickOff: (request) => jobs.kickOff(narrowExport(request, access), access.owner),
    answerLater: (url, asked) => jobs.answerLater(url, asked, access.owner),
    status: (id) => jobs.status(id, access.owner),
    cancel: (id) => jobs.cancel(id, access.owner),
    file: (id, name) => jobs.file(id, name, access.owner),
  };
}

/** Fails: throws IssueError forbidden (no type is left) */
function narrowExport(request: ExportRequest, access: Access): ExportRequest {
  if (access.isUnrestricted('r')) return request;
  const types = request.types.filter((type) => access.may(type, 'r') !== undefined);
  if (types.length === 0) throw new IssueError(issue('forbidden', { reason: 'the token has no scope for any type that is exported' }));
  if (request.associated !== undefined && !types.includes('Provenance'))
    throw new IssueError(issue('forbidden', { reason: 'the token has no scope for Provenance' }));
  const filters = types.flatMap((type) => {
    const limit = access.may(type, 'r') ?? EVERYTHING;
    const asked = request.filters.filter((one) => one.type === type);
    if (limit === EVERYTHING) return asked;
    if (asked.length === 0) return [{ type, filter: limit }];
    return asked.map(({ filter }) => ({ type, filter: { op: 'and', of: [limit, filter] } as const }));
  });
  return { ...request, types, filters };
}
