import type { IncomingMessage, ServerResponse } from 'node:http';
import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import type { TokenAnswer } from '../secure/token-endpoint.ts';
import type { RateLimit } from '../secure/token-bucket.ts';
import { parseMediaType } from './http/media-type.ts';
import { parseQuery } from './http/query-string.ts';
import { readRawBody } from './http/raw-body.ts';

const MOST_BYTES = 64 * 1024;

/**
 * POST /auth/token over HTTP: a form in, JSON out, in OAuth's words.
 *
 * Fails: too-many-requests, body-too-long
 * Source: RFC 6749 4.4, 5.1, 5.2
 */
export function tokenHandler(
  endpoint: (form: ReadonlyMap<string, string>) => Promise<TokenAnswer>,
  onAnswer: (client: string | undefined, status: number, peer: string) => Promise<void>,
  limit: RateLimit,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const peer = request.socket.remoteAddress ?? '';
    const seconds = limit.take(peer);
    if (seconds > 0) throw new IssueError(issue('too-many-requests', { seconds }));
    const { name } = parseMediaType(request.headers['content-type'] ?? '');
    const given = name === 'application/x-www-form-urlencoded' ? parseQuery((await readRawBody(request, MOST_BYTES)).toString('utf8')) : [];
    const form = new Map(given.map((one) => [one.name, one.value]));
    const isClear = given.length > 0 && form.size === given.length;
    const answer: TokenAnswer = isClear ? await endpoint(form) : { status: 400, body: { error: 'invalid_request' } };
    await onAnswer(answer.client, answer.status, peer);
    response.writeHead(answer.status, {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      pragma: 'no-cache',
    });
    response.end(JSON.stringify(answer.body));
  };
}
