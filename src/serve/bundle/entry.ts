import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Context } from '../context.ts';
import type { Body, Conditions, FhirRequest, Method } from '../fhir-request.ts';
import { parseJsonBody } from '../http/parse-json.ts';
import { parseQuery } from '../http/query-string.ts';
import { resourceFrom } from '../http/request-body.ts';
import type { Match } from '../route.ts';

/** One entry of a bundle as a request of its own. */
export interface Entry {
  /** Shape: Bundle.entry[3] */
  readonly place: string;
  readonly fullUrl: string | undefined;
  readonly request: FhirRequest;
  readonly match: Match;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Reads an entry.
 *
 * Fails: bundle-invalid, and what an address fails with
 */
export function readEntry(entry: unknown, place: string, outer: FhirRequest, context: Context): Entry {
  const { fullUrl, resource, request } = asObject(entry, place, 'an entry is an object');
  const asked = asObject(request, `${place}.request`, 'request is missing');
  const { method, url } = asked;
  if (typeof method !== 'string' || !METHODS.has(method)) throw wrong(`${place}.request.method`, 'the method is missing or not known');
  if (typeof url !== 'string') throw wrong(`${place}.request.url`, 'the url is missing');
  if (fullUrl !== undefined && typeof fullUrl !== 'string') throw wrong(`${place}.fullUrl`, 'fullUrl is no text');
  const [path, query] = splitAddress(url, `${place}.request.url`, context.settings.baseUrl);
  const match = context.router.match(method === 'HEAD' ? 'GET' : method, path);
  if (match.route.name === 'batch') throw wrong(`${place}.request.url`, 'a bundle cannot be an entry of a bundle');
  const body = bodyOf(resource, match, `${place}.resource`, context);
  return {
    place,
    fullUrl,
    match,
    request: {
      method: (method === 'HEAD' ? 'GET' : method) as Method,
      path,
      query: parseQuery(query),
      conditions: conditionsOf(asked),
      prefer: { return: 'minimal', ...outer.prefer },
      ...(body === undefined ? {} : { body }),
    },
  };
}

/** Runs a step of an entry; what fails there says at which entry. */
export async function within<T>(place: string, step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof IssueError)) throw error;
    throw new IssueError(...error.issues.map((one) => ({ ...one, expression: placed(place, one.expression) })));
  }
}

function placed(place: string, expression: string | undefined): string {
  if (expression === undefined || expression.startsWith('Bundle.')) return expression ?? place;
  // a parameter of the entry's own address
  if (expression.startsWith('http.')) return `${place}.request.url`;
  const dot = expression.indexOf('.');
  return dot < 0 ? `${place}.resource` : `${place}.resource${expression.slice(dot)}`;
}

function bodyOf(resource: unknown, match: Match, place: string, context: Context): Body | undefined {
  const wanted = match.route.body;
  if (wanted === 'none' || (wanted === 'form' && resource === undefined)) return undefined;
  if (resource === undefined) {
    if (wanted === 'optional') return undefined;
    throw wrong(place, 'the resource is missing');
  }
  const value = resourceFrom(resource);
  if (wanted !== 'patch' || value['resourceType'] !== 'Binary') return { kind: 'resource', value };
  const { contentType, data } = value;
  if (contentType !== 'application/json-patch+json' || typeof data !== 'string') {
    throw wrong(place, 'a patch is a Binary with application/json-patch+json, or Parameters');
  }
  const parsed = parseJsonBody(Buffer.from(data, 'base64'), context.settings.maxDepth);
  if (!parsed.ok) throw new IssueError(...parsed.issues);
  return { kind: 'patch', value: parsed.value };
}

function conditionsOf(asked: Readonly<Record<string, unknown>>): Conditions {
  const conditions: Record<string, string> = {};
  for (const name of ['ifMatch', 'ifNoneMatch', 'ifModifiedSince', 'ifNoneExist'] as const) {
    const value = asked[name];
    if (typeof value === 'string') conditions[name] = value;
  }
  return conditions;
}

function splitAddress(url: string, place: string, baseUrl: string): [path: string[], query: string] {
  const local = (url.startsWith(`${baseUrl}/`) ? url.slice(baseUrl.length) : url).replace(/^\//, '');
  if (/^[a-z][a-z0-9+.-]*:/i.test(local)) throw wrong(place, 'the url is of another server');
  const end = local.indexOf('?');
  const path = end < 0 ? local : local.slice(0, end);
  try {
    const segments = path
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
    return [segments, end < 0 ? '' : local.slice(end + 1)];
  } catch {
    throw wrong(place, 'the url has a % that is no escape');
  }
}

function asObject(value: unknown, place: string, reason: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(place, reason);
  return value as Record<string, unknown>;
}

function wrong(expression: string, reason: string): IssueError {
  return new IssueError(issue('bundle-invalid', { reason, expression }));
}
