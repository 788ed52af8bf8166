import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Content } from '../reply.ts';

/** Writes what is no resource, whatever format was asked for: a text or bytes, or a file as it is on the disk, compressed for who takes it. */
export async function sendContent(
  response: ServerResponse,
  content: Content,
  how: { readonly gzip: boolean; readonly headOnly: boolean },
): Promise<void> {
  response.setHeader('content-type', content.type);
  if (!('file' in content)) {
    const bytes = 'text' in content ? Buffer.from(content.text, 'utf8') : content.data;
    response.setHeader('content-length', bytes.length);
    response.end(how.headOnly ? undefined : bytes);
    return;
  }
  if (how.gzip) response.setHeader('content-encoding', 'gzip');
  else response.setHeader('content-length', content.bytes);
  if (how.headOnly) {
    response.end();
    return;
  }
  const source = createReadStream(content.file, { highWaterMark: 256 * 1024 });
  // a client that goes away ends the download, and nothing else
  const downloaded = how.gzip ? pipeline(source, createGzip({ level: 1 }), response) : pipeline(source, response);
  await downloaded.catch(() => response.destroy());
}

/** Fails: export-not-found (the file is gone from the disk) */
export async function requireFile(content: Content): Promise<void> {
  if (!('file' in content)) return;
  const handle = await open(content.file).catch(() => undefined);
  if (handle === undefined) throw new IssueError(issue('export-not-found'));
  await handle.close();
}
