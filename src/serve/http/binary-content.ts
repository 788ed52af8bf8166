import type { IncomingMessage } from 'node:http';
import { formatOf, parseMediaType } from './media-type.ts';
import { readWritten } from '../../fhir/written-number.ts';
import type { Reply } from '../reply.ts';

const BINARY = /^\/Binary\/[^/]+(\/_history\/[^/]+)?\/?$/;
/** A media type that is safe in a header. */
const MEDIA = /^[\w.+-]{1,100}\/[\w.+-]{1,100}(\s*;\s*[\w-]+=[\w.+"-]+){0,5}$/;

/**
 * Whether a read of a Binary wants what it holds and not the resource: Accept names no format of FHIR, and not simply anything.
 *
 * Source: FHIR R4 binary, 2.44.2
 */
export function wantsContent(method: string, path: string, format: string | undefined, accept: string | undefined): boolean {
  if ((method !== 'GET' && method !== 'HEAD') || !BINARY.test(path)) return false;
  if ((format !== undefined && format !== '') || accept === undefined || accept.trim() === '') return false;
  return accept.split(',').every((range) => {
    const media = parseMediaType(range);
    return formatOf(media) === undefined && media.name !== '*/*';
  });
}

/** The Binary that holds what was sent, under what it was sent as; X-Security-Context says whose it is. */
export function binaryOf(bytes: Uint8Array, id: string, { headers }: IncomingMessage): Record<string, unknown> {
  const context = headers['x-security-context'];
  return {
    resourceType: 'Binary',
    ...(id === '' ? {} : { id }),
    contentType: headers['content-type'],
    ...(typeof context === 'string' ? { securityContext: { reference: context } } : {}),
    data: Buffer.from(bytes).toString('base64'),
  };
}

/** The content of a Binary that is the answer, as a file to keep: it is never run as a page of ours. Any other answer stays as it is. */
export function contentReply(reply: Reply): Reply {
  if (reply.status !== 200 || reply.json === undefined) return reply;
  const { resourceType, contentType, data } = readWritten(reply.json) as { resourceType?: unknown; contentType?: unknown; data?: unknown };
  if (resourceType !== 'Binary') return reply;
  return {
    status: 200,
    headers: { ...reply.headers, 'content-disposition': 'attachment' },
    content: {
      type: typeof contentType === 'string' && MEDIA.test(contentType) ? contentType : 'application/octet-stream',
      data: Buffer.from(typeof data === 'string' ? data : '', 'base64'),
    },
  };
}
