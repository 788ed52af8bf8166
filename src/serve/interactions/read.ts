import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { StoredVersion } from '../../store/store.ts';
import type { Context } from '../context.ts';
import type { Conditions, FhirRequest } from '../fhir-request.ts';
import { failureReply } from '../http/failure-reply.ts';
import { narrowJson } from '../narrowing.ts';
import { type Reply, versionHeaders } from '../reply.ts';
import type { Target } from '../route.ts';
import { viewOf } from '../search-request/view.ts';
import { namesVersion } from '../write/version-conditions.ts';

/** GET {type}/{id}: the current version, its text as stored. */
export async function read(request: FhirRequest, { type, id }: Target, context: Context): Promise<Reply> {
  return versionReply(await context.store.read(type, id), `${type}/${id}`, request, context);
}

/** GET {type}/{id}/_history/{version}: an older version stays readable when the resource is deleted. */
export async function readVersion(request: FhirRequest, { type, id, version }: Target, context: Context): Promise<Reply> {
  const number = /^[1-9]\d{0,14}$/.test(version) ? Number(version) : undefined;
  const found = number === undefined ? undefined : await context.store.readVersion(type, id, number);
  return versionReply(found, `This version of ${type}/${id}`, request, context);
}

/** The version, if there is one and it is no deletion. Fails: resource-not-found, resource-deleted */
export function requirePresent(version: StoredVersion | undefined, reference: string): StoredVersion {
  if (version === undefined) throw new IssueError(issue('resource-not-found', { reference }));
  if (version.deleted) throw new IssueError(issue('resource-deleted', { reference }));
  return version;
}

function versionReply(version: StoredVersion | undefined, reference: string, request: FhirRequest, context: Context): Reply {
  if (version?.deleted === true) return failureReply([issue('resource-deleted', { reference })], versionHeaders(version));
  const present = requirePresent(version, reference);
  const about = { headers: versionHeaders(present), lastUpdated: present.lastUpdated };
  if (isUnchanged(present, request.conditions)) return { ...about, status: 304 };
  return { ...about, status: 200, json: narrowJson(present, viewOf(request.query), context.definitions) };
}

/** Source: RFC 9110 13.1: If-Modified-Since counts only without If-None-Match, and to the second */
function isUnchanged(version: StoredVersion, { ifNoneMatch, ifModifiedSince }: Conditions): boolean {
  if (ifNoneMatch !== undefined) return namesVersion(ifNoneMatch, version.version);
  if (ifModifiedSince === undefined) return false;
  const since = Date.parse(ifModifiedSince);
  return !Number.isNaN(since) && Math.floor(version.lastUpdated / 1000) * 1000 <= since;
}
