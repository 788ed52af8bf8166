import type { IncomingMessage } from 'node:http';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Context } from '../context.ts';
import type { Body } from '../fhir-request.ts';
import type { Match, Route } from '../route.ts';
import { binaryOf } from './binary-content.ts';
import { formatOf, type MediaType, MESSAGE_TYPES, parseMediaType } from './media-type.ts';
import { parseJsonBody } from './parse-json.ts';
import { type Parameter, parseQuery } from './query-string.ts';
import { readRawBody } from './raw-body.ts';
import { parseXml } from '../xml/parse-xml.ts';

const FORM = 'application/x-www-form-urlencoded';
const JSON_PATCH = 'application/json-patch+json';
const RESOURCE = 'application/fhir+json, application/fhir+xml';
const SUPPORTED: Readonly<Record<Route['body'], string>> = {
  none: '',
  resource: RESOURCE,
  optional: RESOURCE,
  patch: `${JSON_PATCH}, ${RESOURCE}`,
  form: FORM,
  message: `application/hl7-v2, ${RESOURCE}`,
};

/** What a request brought: a body, or the parameters of a form. */
export interface Brought {
  readonly body?: Body;
  readonly form?: readonly Parameter[];
}

/**
 * The body of a request as its route wants it.
 *
 * Fails: body-missing, body-too-long, content-type-unsupported, json-invalid, xml-invalid
 */
export async function readBody(request: IncomingMessage, match: Match, context: Context): Promise<Brought> {
  const wanted = match.route.body;
  if (wanted === 'none') return {};
  const bytes = await readRawBody(request, context.settings.maxBodyBytes);
  const contentType = request.headers['content-type'];
  if (bytes.length === 0) {
    if (wanted === 'optional' || wanted === 'form') return {};
    throw new IssueError(issue('body-missing'));
  }
  const media = parseMediaType(contentType ?? '');
  // the message says itself in which characters it is
  if (wanted === 'message' && MESSAGE_TYPES.has(media.name)) return { body: { kind: 'message', value: bytes } };
  if (isContent(match, media)) return { body: { kind: 'resource', value: binaryOf(bytes, match.target.id, request) } };
  const charset = media.parameters.get('charset');
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8')
    throw unsupported(wanted, media.name, 'in another charset than UTF-8');
  if (wanted === 'form') {
    if (media.name !== FORM) throw unsupported(wanted, media.name);
    return { form: parseQuery(bytes.toString('utf8')) };
  }
  if (wanted === 'patch' && media.name === JSON_PATCH) return { body: { kind: 'patch', value: fromJson(bytes, context) } };
  const format = formatOf(media);
  if (format === undefined) throw unsupported(wanted, media.name);
  const value = format === 'json' ? fromJson(bytes, context) : fromXml(bytes, context);
  return { body: { kind: 'resource', value: resourceFrom(value) } };
}

/** Whether a body is what a Binary holds. Source: FHIR R4 binary, 2.44.2 */
function isContent({ route, target }: Match, media: MediaType): boolean {
  const isWrite = route.name === 'create' || route.name === 'update';
  return isWrite && target.type === 'Binary' && formatOf(media) === undefined && /^[\w.+-]+\/[\w.+-]+$/.test(media.name);
}

/** Fails: json-invalid (not an object that names its resourceType) */
export function resourceFrom(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new IssueError(issue('json-invalid', { reason: 'a resource is an object' }));
  }
  const resource = value as Record<string, unknown>;
  if (typeof resource['resourceType'] !== 'string') {
    throw new IssueError(issue('json-invalid', { reason: 'resourceType is missing', expression: 'resourceType' }));
  }
  return resource;
}

function fromJson(bytes: Uint8Array, context: Context): unknown {
  const parsed = parseJsonBody(bytes, context.settings.maxDepth);
  if (!parsed.ok) throw new IssueError(...parsed.issues);
  return parsed.value;
}

function fromXml(bytes: Uint8Array, context: Context): unknown {
  const parsed = parseXml(bytes, context.definitions, context.settings.maxDepth);
  if (!parsed.ok) throw new IssueError(...parsed.issues);
  return parsed.value;
}

function unsupported(wanted: Route['body'], name: string, how = ''): IssueError {
  const known = /^[\w.+-]+\/[\w.+-]+$/.test(name) ? name : '(none)';
  return new IssueError(issue('content-type-unsupported', { contentType: `${known} ${how}`.trim(), supported: SUPPORTED[wanted] }));
}
