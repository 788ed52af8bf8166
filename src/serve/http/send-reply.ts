import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Resource } from '../../fhir/resource.ts';
import type { Definitions } from '../../fhir/definitions.ts';
import { formatJson, readWritten } from '../../fhir/written-number.ts';
import type { Reply } from '../reply.ts';
import { writeXml } from '../xml/write-xml.ts';
import { CONTENT_TYPES, type Format } from './media-type.ts';
import { sendContent } from './send-content.ts';

const gzipAsync = promisify(gzip);
/** Below this a packet holds the answer anyway. Units: bytes */
const WORTH_COMPRESSING = 1400;

/** How an answer is to be written. */
export interface Presentation {
  readonly format: Format;
  readonly pretty: boolean;
  readonly gzip: boolean;
  /** HEAD: everything but the body. */
  readonly headOnly: boolean;
}

/** Writes a reply. JSON text goes out as it is stored unless it is to be pretty or XML. */
export async function sendReply(response: ServerResponse, reply: Reply, how: Presentation, definitions: Definitions): Promise<void> {
  response.statusCode = reply.status;
  for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value);
  if (reply.content !== undefined) {
    await sendContent(response, reply.content, how);
    return;
  }
  if (reply.json === undefined || reply.status === 304) {
    response.end();
    return;
  }
  let bytes = Buffer.from(textOf(reply.json, how, definitions), 'utf8');
  response.setHeader('content-type', CONTENT_TYPES[how.format]);
  if (how.gzip && bytes.length > WORTH_COMPRESSING) {
    bytes = await gzipAsync(bytes, { level: 1 });
    response.setHeader('content-encoding', 'gzip');
  }
  response.setHeader('content-length', bytes.length);
  if (how.headOnly) response.end();
  else response.end(bytes);
}

function textOf(json: string, how: Presentation, definitions: Definitions): string {
  if (how.format === 'json' && !how.pretty) return json;
  const resource = readWritten(json) as Resource;
  return how.format === 'xml' ? writeXml(resource, definitions, how.pretty) : formatJson(resource, 2);
}

/** Whether a client takes gzip. */
export function acceptsGzip(header: string | string[] | undefined): boolean {
  return /(^|,)\s*(gzip|\*)\s*(;\s*q=(1|0?\.\d*[1-9]\d*))?\s*(,|$)/i.test(String(header ?? ''));
}
