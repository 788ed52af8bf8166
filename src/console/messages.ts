import type { IncomingMessage, ServerResponse } from 'node:http';
import { issue, type Issue } from '../issue/issue.ts';
import { failure, type Result, success } from '../issue/result.ts';
import { statusOf, toOperationOutcome, toOutcomeIssue } from '../issue/operation-outcome.ts';
import type { Outcome } from '../intake/process.ts';
import type { Journal, MessageQuery, MessageRow, MessageStatus } from '../store/journal.ts';

/** What the message pages are about, handed in by main. */
export interface MessagesDependencies {
  readonly journal: Journal;
  readonly reprocess: (id: string) => Promise<Result<Outcome>>;
}

/**
 * The messages as operators look for them: GET /messages, /messages/{id}, /messages/{id}/trace, /messages/{id}/raw and POST /messages/{id}/$reprocess.
 *
 * Fails: message-not-found, parameter-invalid, route-unknown, method-not-allowed
 */
export function createMessagesHandler(deps: MessagesDependencies) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [, id, action, ...more] = url.pathname.split('/').filter((part) => part !== '');
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
    if (more.length > 0) return refuse(response, issue('route-unknown', { method }));
    if (action === '$reprocess') {
      return method === 'POST' ? reprocessed(response, await deps.reprocess(id ?? '')) : notAllowed(response, method, 'POST');
    }
    if (action !== undefined && action !== 'trace' && action !== 'raw') return refuse(response, issue('route-unknown', { method }));
    if (method !== 'GET') return notAllowed(response, method, 'GET, HEAD');
    if (id === undefined) return list(response, deps.journal, url);
    const row = await deps.journal.get(id);
    if (row === undefined) return refuse(response, issue('message-not-found'));
    if (action === 'trace') return send(response, 200, row.trace ?? JSON.stringify({ controlId: row.controlId, answer: null }));
    if (action === 'raw') return sendBytes(response, (await deps.journal.raw(id)) ?? new Uint8Array());
    return send(response, 200, JSON.stringify(detailOf(row)));
  };
}

async function list(response: ServerResponse, journal: Journal, url: URL): Promise<void> {
  const query = parseQuery(url.searchParams);
  if (!query.ok) return refuse(response, ...query.issues);
  const page = await journal.search(query.value);
  const next = new URLSearchParams(url.searchParams);
  if (page.next !== undefined) next.set('before', String(page.next));
  return send(
    response,
    200,
    JSON.stringify({ messages: page.rows.map(summaryOf), ...(page.next === undefined ? {} : { next: `/messages?${next.toString()}` }) }),
  );
}

const STATUSES: ReadonlySet<string> = new Set<MessageStatus>(['received', 'queued', 'processed', 'filtered', 'error', 'rejected']);
const TEXTS = { 'control-id': 'controlId', sender: 'sender', mrn: 'mrn', visit: 'visit', order: 'order', name: 'name' } as const;
const MOST_ROWS = 500;

function parseQuery(parameters: URLSearchParams): Result<MessageQuery> {
  const query: { -readonly [K in keyof MessageQuery]: MessageQuery[K] } = { count: 50 };
  const issues: Issue[] = [];
  for (const [parameter, value] of parameters) {
    const refused = readParameter(query, parameter, value);
    if (refused !== undefined) issues.push(issue('parameter-invalid', { parameter: parameter.slice(0, 64), reason: refused }));
  }
  return issues.length > 0 ? failure(...issues) : success(query);
}

function readParameter(
  query: { -readonly [K in keyof MessageQuery]: MessageQuery[K] },
  parameter: string,
  value: string,
): string | undefined {
  if (Object.hasOwn(TEXTS, parameter)) {
    query[TEXTS[parameter as keyof typeof TEXTS]] = value;
    return undefined;
  }
  switch (parameter) {
    case 'status':
      if (!STATUSES.has(value)) return `it must be one of ${[...STATUSES].join(', ')}`;
      query.status = value as MessageStatus;
      return undefined;
    case 'from':
    case 'to': {
      const time = /^\d{4}-\d{2}-\d{2}/.test(value) ? Date.parse(value) : Number.NaN;
      if (Number.isNaN(time)) return 'it must be a date, or a date and time with an offset, such as 2026-01-02T09:30:00Z';
      query[parameter] = time;
      return undefined;
    }
    case '_count':
    case 'before':
      if (!/^\d{1,15}$/.test(value)) return 'it must be a whole number';
      if (parameter === 'before') query.before = Number(value);
      else query.count = Math.min(Math.max(Number(value), 1), MOST_ROWS);
      return undefined;
    default:
      return 'it is not known here; known are status, control-id, sender, mrn, visit, order, name, from, to, _count';
  }
}

function summaryOf(row: MessageRow) {
  return {
    id: row.id,
    controlId: row.controlId,
    type: row.messageType,
    sender: row.sender,
    status: row.status,
    receivedAt: new Date(row.receivedAt).toISOString(),
    ...(row.processedAt === undefined ? {} : { processedAt: new Date(row.processedAt).toISOString() }),
    channel: row.channel,
    repeats: row.repeats,
    attempts: row.attempts,
    keys: row.keys,
    trace: `/messages/${row.id}/trace`,
  };
}

function detailOf(row: MessageRow) {
  return {
    ...summaryOf(row),
    seq: row.seq,
    sha256: row.sha256,
    issues: row.issues === undefined ? [] : (JSON.parse(row.issues) as Issue[]).map(toOutcomeIssue),
    ...(row.ack === undefined ? {} : { ack: row.ack }),
    raw: `/messages/${row.id}/raw`,
  };
}

function reprocessed(response: ServerResponse, result: Result<Outcome>): void {
  if (!result.ok) return refuse(response, ...result.issues);
  const { code, ack, issues, trace } = result.value;
  return send(response, 200, JSON.stringify({ code, ack, issues: issues.map(toOutcomeIssue), trace }));
}

function notAllowed(response: ServerResponse, method: string, allowed: string): void {
  response.setHeader('Allow', allowed);
  return refuse(response, issue('method-not-allowed', { method }));
}

function refuse(response: ServerResponse, ...issues: Issue[]): void {
  return send(response, statusOf(issues), JSON.stringify(toOperationOutcome(issues)), 'application/fhir+json; charset=utf-8');
}

function send(response: ServerResponse, status: number, text: string, contentType = 'application/json; charset=utf-8'): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }).end(text);
}

function sendBytes(response: ServerResponse, bytes: Uint8Array): void {
  response
    .writeHead(200, {
      'Content-Type': 'application/hl7-v2',
      'Content-Disposition': 'attachment',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    })
    .end(bytes);
}
