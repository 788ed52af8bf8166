import type { Issue } from '../../issue/issue.ts';
import { toOperationOutcome } from '../../issue/operation-outcome.ts';
import type { StoredVersion } from '../../store/store.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { type Reply, resourceReply, versionHeaders } from '../reply.ts';

/** The answer to a write, with as much of the resource as Prefer asks for: all of it unless told otherwise. */
export function writtenReply(
  version: StoredVersion,
  created: boolean,
  request: FhirRequest,
  issues: readonly Issue[],
  baseUrl: string,
): Reply {
  const location = `${baseUrl}/${version.type}/${version.id}/_history/${version.version}`;
  const about = { status: created ? 201 : 200, headers: { ...versionHeaders(version), location }, lastUpdated: version.lastUpdated };
  if (request.prefer.return === 'minimal') return about;
  if (request.prefer.return === 'OperationOutcome') return { ...resourceReply(toOperationOutcome(issues)), ...about, outcome: true };
  return { ...about, json: version.json };
}
