import { createServer, type RequestListener, type Server, type ServerOptions, STATUS_CODES } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { issue, type Issue } from '../issue/issue.ts';
import { statusOf, toOperationOutcome } from '../issue/operation-outcome.ts';
import { hostAndPort } from '../secure/host-and-port.ts';
import { certificateFault, NO_CERTIFICATE } from '../secure/peer-certificate.ts';
import { hasOtherLists, servedTls, type TlsMaterial } from '../secure/served-tls.ts';
import { answerPlainHttp } from './before-tls.ts';

/** Room for an address far over the limit, so that it is refused in FHIR's words. Units: bytes */
const MAX_HEADER_BYTES = 256 * 1024;
/** How long the headers of a request, and all of it, may take, and how often that is looked at. */
const PATIENCE = { headersTimeout: 30_000, requestTimeout: 120_000, connectionsCheckingInterval: 10_000 } satisfies ServerOptions;
const HANDSHAKE_MS = 30_000;
/** A browser that was here once does not ask without TLS for so long. Source: RFC 6797. Units: s */
const HSTS_S = 31_536_000;

/** How it is served. */
export interface HttpServerOptions {
  /** HTTPS. With `ca` a certificate is asked for and may be left out; one that none of them signed is refused. */
  readonly tls?: TlsMaterial;
  /** Told of a handshake that failed. `reason` is OpenSSL's, also of HTTP without TLS. */
  readonly onRefused?: (peer: string, reason: string) => void;
  readonly patience?: typeof PATIENCE;
}

/** An HTTP server. */
export interface HttpServer {
  /** Resolves with where it listens, rejects with the system's error. Shape: http://127.0.0.1:8080 */
  listen(host: string, port: number): Promise<string>;
  /**
   * New keys and certificates for connections to come. With another list of revoked certificates, those end that showed one: what they did
   * not hear the answer of can be sent again. Fails: throws when they are none, and the old ones stay
   */
  reloadTls(tls: TlsMaterial): void;
  /** Takes no more, and answers what it has; after `limitMs` connections are closed over it. */
  close(limitMs: number): Promise<void>;
}

/** An HTTP server for an application. What is no HTTP at all is answered with an OperationOutcome too. */
export function createHttpServer(app: RequestListener, { onRefused, patience = PATIENCE, ...options }: HttpServerOptions = {}): HttpServer {
  const limits: ServerOptions = { maxHeaderSize: MAX_HEADER_BYTES, ...patience };
  let { tls } = options;
  /** Those that showed a certificate. */
  const certified = new Set<Socket>();
  const secure = tls === undefined ? undefined : createSecureServer(app, tls, limits, onRefused);
  secure?.on('secureConnection', (socket) => {
    if (!socket.authorized) return;
    certified.add(socket);
    socket.on('close', () => certified.delete(socket));
  });
  const server: Server | TlsServer = secure ?? createServer(limits, app);
  /** Those in the middle of a handshake too, of which the server knows nothing. */
  const sockets = new Set<Socket>();
  let isStopping = false;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.prependListener('request', (_request, response) => {
    if (secure !== undefined) response.setHeader('strict-transport-security', `max-age=${HSTS_S}`);
    // A connection that is kept alive would bring one request after another to a gateway that stops.
    if (isStopping) response.setHeader('connection', 'close');
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    socket.end(lastAnswer(faultIn(error)));
  });
  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          const bound = server.address() as AddressInfo;
          resolve(`${secure === undefined ? 'http' : 'https'}://${hostAndPort(bound.address, bound.port)}`);
        });
      }),
    reloadTls(renewed) {
      secure?.setSecureContext(servedTls(renewed));
      if (hasOtherLists(renewed, tls ?? {})) for (const socket of certified) socket.destroy();
      tls = renewed;
    },
    async close(limitMs) {
      isStopping = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const limit = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, limitMs);
      await closed;
      clearTimeout(limit);
    },
  };
}

function faultIn({ code }: NodeJS.ErrnoException): Issue {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return issue('request-too-slow');
  return code === 'HPE_HEADER_OVERFLOW' ? issue('address-too-long', { limit: MAX_HEADER_BYTES }) : issue('request-unreadable');
}

/** An answer outside of any request, with which the connection ends. */
function lastAnswer(cause: Issue): string {
  const status = statusOf([cause]);
  const body = JSON.stringify(toOperationOutcome([cause]));
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/fhir+json; charset=utf-8\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  );
}

function createSecureServer(
  app: RequestListener,
  tls: TlsMaterial,
  options: ServerOptions,
  onRefused: HttpServerOptions['onRefused'],
): TlsServer {
  const server = createTlsServer({ ...options, ...servedTls(tls), handshakeTimeout: HANDSHAKE_MS }, app);
  const tell = (socket: Socket, reason: string) => onRefused?.(hostAndPort(socket.remoteAddress ?? '', socket.remotePort ?? 0), reason);
  const refuse = (socket: TLSSocket, reason: string) => {
    tell(socket, reason);
    socket.destroy();
  };
  answerPlainHttp(server, HANDSHAKE_MS, (socket) => {
    tell(socket, 'ERR_SSL_HTTP_REQUEST');
    return lastAnswer(issue('https-only'));
  });
  server.prependListener('secureConnection', (socket) => {
    const fault = tls.ca === undefined ? NO_CERTIFICATE : certificateFault(socket);
    if (fault !== undefined && fault !== NO_CERTIFICATE) refuse(socket, fault);
  });
  server.prependListener('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    // Who goes away was not refused.
    if (error.code !== 'ECONNRESET') refuse(socket, error.code ?? error.name);
  });
  return server;
}
