import { STATUS_CODES } from 'node:http';
import type { Reply } from '../reply.ts';
import { entryText } from './bundle-text.ts';

/** The answer to one entry, as an entry of the answering bundle. */
export function replyEntry(reply: Reply, baseUrl: string): string {
  const { etag, location } = reply.headers;
  const response = {
    status: `${reply.status} ${STATUS_CODES[reply.status] ?? ''}`.trim(),
    ...(location === undefined ? {} : { location: location.startsWith(`${baseUrl}/`) ? location.slice(baseUrl.length + 1) : location }),
    ...(etag === undefined ? {} : { etag }),
    ...(reply.lastUpdated === undefined ? {} : { lastModified: new Date(reply.lastUpdated).toISOString() }),
  };
  const isOutcome = reply.outcome === true;
  const fullUrl = location?.replace(/\/_history\/[^/]*$/, '');
  const text = entryText(fullUrl, isOutcome ? undefined : reply.json, { response });
  // the outcome goes in as text, inside response, which comes last
  return isOutcome && reply.json !== undefined ? `${text.slice(0, -2)},"outcome":${reply.json}}}` : text;
}
