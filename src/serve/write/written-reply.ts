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
  const headers = { ...versionHeaders(version), location };
  const status = created ? 201 : 200;
  if (request.prefer.return === 'minimal') return { status, headers };
  if (request.prefer.return === 'OperationOutcome') return { ...resourceReply(toOperationOutcome(issues), status, headers), outcome: true };
  return { status, headers, json: version.json };
}
