import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';

const gunzipAsync = promisify(gunzip);

/**
 * The bytes of a body, decompressed, no more than `limit` of them before or after.
 *
 * Units: limit in bytes
 * Fails: body-too-long; content-type-unsupported (a Content-Encoding other than gzip); json-invalid (not gzip inside)
 */
export async function readRawBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding !== 'identity' && encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw new IssueError(issue('content-type-unsupported', { contentType: 'with this Content-Encoding', supported: 'gzip and identity' }));
  }
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLong(limit);
  const bytes = await collect(request, limit);
  if (encoding === 'identity' || bytes.length === 0) return bytes;
  try {
    return await gunzipAsync(bytes, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLong(limit);
    throw new IssueError(issue('json-invalid', { reason: 'it is not gzip, as Content-Encoding says' }));
  }
}

function tooLong(limit: number): IssueError {
  return new IssueError(issue('body-too-long', { limit }));
}

function collect(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) {
        chunks.push(chunk);
        return;
      }
      request.pause();
      request.removeAllListeners('data');
      reject(tooLong(limit));
    });
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.on('aborted', () => reject(new IssueError(issue('body-missing'))));
    request.on('error', () => reject(new IssueError(issue('body-missing'))));
  });
}
