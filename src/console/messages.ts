import type { IncomingMessage, ServerResponse } from 'node:http';
import { issue, type Issue } from '../issue/issue.ts';
import { retryAfterOf, statusOf, toOperationOutcome, toOutcomeIssue } from '../issue/operation-outcome.ts';
import type { Journal, MessageRow } from '../store/journal.ts';
import { actOnMessages, type ActionDependencies } from './message-actions.ts';
import { parseQuery } from './message-query.ts';

/** What the message pages are about, handed in by main. */
export interface MessagesDependencies extends ActionDependencies {
  readonly journal: Journal;
}

/**
 * The messages as operators look for them: GET /messages, /messages/{id}, /messages/{id}/trace, /messages/{id}/raw; and what they do with
 * them: POST $reprocess and $discard, to one message (/messages/{id}/$reprocess) or to what a search finds (/messages/$reprocess?status=error).
 *
 * Fails: message-not-found, message-emptied, message-not-failed, parameter-invalid, route-unknown, method-not-allowed
 */
export function createMessagesHandler(deps: MessagesDependencies) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const parts = url.pathname.split('/').filter((part) => part !== '');
    const [id, action] = parts[1]?.startsWith('$') === true ? [undefined, parts[1]] : [parts[1], parts[2]];
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
    if (parts.length > (id === undefined ? 2 : 3)) return refuse(response, issue('route-unknown', { method }));
    if (action === '$reprocess' || action === '$discard') {
      if (method !== 'POST') return notAllowed(response, method, 'POST');
      const acted = await actOnMessages(action, id, url.searchParams, deps);
      return acted.ok ? send(response, 200, JSON.stringify(acted.value)) : refuse(response, ...acted.issues);
    }
    if (action !== undefined && action !== 'trace' && action !== 'raw') return refuse(response, issue('route-unknown', { method }));
    if (method !== 'GET') return notAllowed(response, method, 'GET, HEAD');
    if (id === undefined) return list(response, deps.journal, url);
    const row = await deps.journal.get(id);
    if (row === undefined) return refuse(response, issue('message-not-found'));
    if (action === 'trace' && row.trace === undefined && (await deps.journal.raw(id)) === undefined)
      return refuse(response, issue('message-emptied'));
    if (action === 'trace') return send(response, 200, row.trace ?? JSON.stringify({ controlId: row.controlId, answer: null }));
    if (action === 'raw') {
      const raw = await deps.journal.raw(id);
      return raw === undefined ? refuse(response, issue('message-emptied')) : sendBytes(response, raw);
    }
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

function notAllowed(response: ServerResponse, method: string, allowed: string): void {
  response.setHeader('Allow', allowed);
  return refuse(response, issue('method-not-allowed', { method }));
}

function refuse(response: ServerResponse, ...issues: Issue[]): void {
  for (const [name, value] of Object.entries(retryAfterOf(issues))) response.setHeader(name, value);
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
