import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHttpServer, type HttpServer } from '../../src/serve/http-server.ts';
import { readRawBody } from '../../src/serve/http/raw-body.ts';

let server: HttpServer;
let address: URL;
beforeAll(async () => {
  server = createHttpServer(
    (request, response) =>
      void readRawBody(request, 1000).then(
        (body) => response.end(`got ${body.length}`),
        () => response.destroy(),
      ),
    { patience: { headersTimeout: 200, requestTimeout: 400, connectionsCheckingInterval: 50 } },
  );
  address = new URL(await server.listen('127.0.0.1', 0));
});
afterAll(() => server.close(0));

/** All that is answered until the connection is closed. */
const said = (text: string, more = '') =>
  new Promise<string>((resolve) => {
    let got = '';
    let drip: NodeJS.Timeout | undefined;
    const socket = connect(Number(address.port), address.hostname, () => {
      socket.write(text);
      drip = setInterval(() => void (more !== '' && socket.writable && socket.write(more)), 20);
    });
    socket.on('data', (part) => (got += part.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(drip);
      resolve(got);
    });
  });

test.each([
  ['headers that do not end', 'POST /x HTTP/1.1\r\nHost: x\r\nX: ', 'a'],
  ['a body that does not come', 'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n', ''],
  ['a body that comes byte by byte', 'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n', 'a'],
  ['pieces without an end', 'POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\na\r\n'],
])('%s: 408, the connection is closed, and others are answered meanwhile', async (_what, text, more) => {
  const slow = said(text, more);
  const other = await fetch(address, { method: 'POST', body: 'abc' });
  expect(await other.text()).toBe('got 3');
  expect(await slow).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n[^]*request-too-slow/);
});
