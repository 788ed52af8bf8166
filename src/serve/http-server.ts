import { createServer, type RequestListener, type Server } from 'node:http';
import { issue } from '../issue/issue.ts';
import { statusOf, toOperationOutcome } from '../issue/operation-outcome.ts';

/** Room for an address far over the limit, so that it is refused in FHIR's words. Units: bytes */
const MAX_HEADER_BYTES = 256 * 1024;

/** An HTTP server for an application. What is no HTTP at all is answered with an OperationOutcome too. */
export function createHttpServer(app: RequestListener): Server {
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: 120_000, headersTimeout: 30_000 }, app);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const issues = [
      error.code === 'HPE_HEADER_OVERFLOW' ? issue('address-too-long', { limit: MAX_HEADER_BYTES }) : issue('request-unreadable'),
    ];
    const status = statusOf(issues);
    const body = JSON.stringify(toOperationOutcome(issues));
    socket.end(
      `HTTP/1.1 ${status} ${status === 414 ? 'URI Too Long' : 'Bad Request'}\r\ncontent-type: application/fhir+json; charset=utf-8\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  });
  return server;
}
