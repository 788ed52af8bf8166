import { copyFileSync, writeFileSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import { type AddressInfo, connect, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { AuditEvent, Bundle } from 'fhir/r4.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gateway } from '../../src/main.ts';
import { type Certificates, haveOpenssl, makeCertificates } from '../secure/certificates.ts';
import { startInMemory } from './in-memory.ts';
import { updateOf } from './update-message.ts';

const start = (settings: Record<string, string>) => startInMemory({ MLLP_PORT: 'off', ...settings });

/** What comes back for bytes, until the connection is closed. */
const raw = (address: string, bytes: string) =>
  new Promise<string>((resolve) => {
    const { hostname, port } = new URL(address);
    let got = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.on('data', (part) => (got += part.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(got));
  });

type Asked = RequestOptions & { body?: string };

const ask = (gateway: Gateway, path: string, { body, ...options }: Asked) =>
  new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
    const asked = request(`${gateway.http}${path}`, { agent: false, ...options }, (answer) => {
      let text = '';
      answer.on('data', (part: Buffer) => (text += part.toString('utf8')));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
    });
    asked.on('error', reject);
    asked.end(body);
  });

describe.skipIf(!haveOpenssl)('HTTPS by settings (needs openssl)', () => {
  let made: Certificates;
  let gateway: Gateway;

  beforeAll(async () => {
    made = makeCertificates();
    for (const name of ['hospital', 'senders', 'strangers']) made.authority(name);
    for (const name of ['http', 'renewed']) made.signed(name, 'hospital', { cn: name, alternative: 'IP:127.0.0.1' });
    made.signed('lab', 'senders', { cn: 'x', alternative: 'DNS:lab.genhosp.example' });
    made.signed('disguised', 'senders', { cn: 'key:adt', alternative: 'URI:key:adt' });
    made.signed('expired', 'senders', { cn: 'lab.genhosp.example', days: -1 });
    made.signed('foreign', 'strangers', { cn: 'lab.genhosp.example' });
    gateway = await start({
      TLS_KEY: made.file('http-key.pem'),
      TLS_CERT: made.file('http.pem'),
      TLS_CA: made.file('senders.pem'),
      HL7_API_KEYS: `adt=${'k'.repeat(20)}`,
      ALLOWED_SENDERS: 'LABSYS|GENHOSP=lab.genhosp.example, ADT1|GENHOSP, POCT|GENHOSP=key:adt',
    });
  });
  afterAll(async () => {
    await gateway.close();
    made.remove();
  });

  const call = (path: string, options: Asked = {}) => ask(gateway, path, { ca: made.pem('hospital').cert, ...options });
  const post = (sender: string, own: RequestOptions = {}) =>
    call('/hl7v2', {
      method: 'POST',
      body: updateOf(sender),
      ...own,
      headers: { 'content-type': 'application/hl7-v2', ...(own.headers as Record<string, string>) },
    });
  const refusals = async () => {
    const { text } = await call('/fhir/AuditEvent?type=110113&subtype=110126&_count=100');
    return ((JSON.parse(text) as Bundle<AuditEvent>).entry ?? []).map(({ resource }) =>
      [
        resource?.agent[0]?.network?.address?.replace(/:\d+$/, ''),
        Buffer.from(resource?.entity?.[0]?.query ?? '', 'base64').toString(),
      ].join(' '),
    );
  };

  test('every address it gives is one of HTTPS, and a browser is told to stay with it', async () => {
    expect([gateway.http, gateway.fhirBase]).toEqual([expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/), `${gateway.http}/fhir`]);
    for (const path of ['/fhir/Patient', '/livez', '/nothing']) {
      const { headers, text } = await call(path);
      expect(headers['strict-transport-security']).toBe('max-age=31536000');
      expect(text).not.toContain('http://127');
    }
    expect((await call('/fhir/Patient')).text).toContain(`${gateway.fhirBase}/Patient`);
  });

  test('who sends messages shows a certificate or a key, and is bound to it where the setting says so', async () => {
    expect((await post('LABSYS', made.pem('lab'))).text).toContain('MSA|AA');
    expect((await post('POCT', { headers: { 'x-api-key': 'k'.repeat(20) } })).text).toContain('MSA|AA');
    expect((await post('ADT1', { headers: { 'x-api-key': 'k'.repeat(20) } })).text).toContain('MSA|AA');
    for (const refused of [
      await post('LABSYS', { headers: { 'x-api-key': 'k'.repeat(20) } }),
      await post('PACS', made.pem('lab')),
      await post('POCT', made.pem('lab')),
    ])
      expect([refused.status, refused.text.includes('MSA|AR')]).toEqual([403, true]);
    const bare = await post('ADT1');
    expect([bare.status, bare.text.includes('login-needed')]).toEqual([401, true]);
    expect((await post('POCT', made.pem('disguised'))).status).toBe(401);
  });

  test('a sender that is gone when its message is whole is the one it was', async () => {
    const text = updateOf('LABSYS');
    const { hostname, port } = new URL(gateway.http);
    await new Promise<void>((resolve, reject) => {
      const socket = connectTls({ host: hostname, port: Number(port), ca: made.pem('hospital').cert, ...made.pem('lab') }, () => {
        const head = `POST /hl7v2 HTTP/1.1\r\nHost: x\r\nContent-Type: application/hl7-v2\r\nContent-Length: ${text.length}\r\n\r\n`;
        socket.end(head + text, () => socket.destroy());
      });
      socket.on('error', reject);
      socket.on('close', () => resolve());
    });
    const found = async () => {
      const { messages: rows } = JSON.parse((await call(`/messages?control-id=${text.split('|')[9]}`)).text) as {
        messages: { channel: string; status: string }[];
      };
      return rows;
    };
    await expect.poll(found).toMatchObject([{ channel: 'http 127.0.0.1', status: 'processed' }]);
  });

  test.each([
    ['expired', 'CERT_HAS_EXPIRED'],
    ['foreign', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ])('a certificate that is %s is refused with its connection, and why is told', async (name, reason) => {
    await expect(post('LABSYS', made.pem(name))).rejects.toThrow();
    await expect(call('/livez', made.pem(name))).rejects.toThrow();
    expect(await refusals()).toContain(`127.0.0.1 ${reason}`);
    expect((await call('/livez')).status).toBe(200);
  });

  test('HTTP without TLS is answered that this is HTTPS, however much comes with it; TLS below 1.2 gets nothing; both are told of', async () => {
    for (const request of [
      'GET /livez HTTP/1.1\r\n\r\n',
      'P',
      `POST /hl7v2 HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n${'x'.repeat(3_000_000)}`,
    ])
      expect(await raw(gateway.http, request)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*connection: close\r\n[^]*https-only/);
    expect(await raw(gateway.http, '\vMSH|^~\\&|LABSYS|GENHOSP')).not.toContain('HTTP/1.1');
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(call('/livez', old)).rejects.toThrow();
    expect(await refusals()).toEqual(
      expect.arrayContaining([
        '127.0.0.1 ERR_SSL_HTTP_REQUEST',
        '127.0.0.1 ERR_SSL_WRONG_VERSION_NUMBER',
        '127.0.0.1 ERR_SSL_UNSUPPORTED_PROTOCOL',
      ]),
    );
    expect((await call('/livez')).status).toBe(200);
  });

  test('a handshake that comes byte by byte is one as well', async () => {
    const { hostname, port } = new URL(gateway.http);
    const behind = createServer((near) => {
      const far = connect({ host: hostname, port: Number(port), noDelay: true });
      const slowly = async (bytes: Buffer) => {
        near.pause();
        for (const byte of bytes) {
          far.write(Buffer.of(byte));
          await new Promise((wake) => setImmediate(wake));
        }
        near.resume();
      };
      near.on('data', (bytes: Buffer) => void slowly(bytes));
      far.pipe(near);
      for (const socket of [near, far]) socket.on('error', () => undefined).on('close', () => [near, far].forEach((one) => one.destroy()));
    });
    await new Promise<void>((resolve) => behind.listen(0, '127.0.0.1', resolve));
    const { port: own } = behind.address() as AddressInfo;
    expect((await ask(gateway, '/livez', { ca: made.pem('hospital').cert, port: own })).status).toBe(200);
    await new Promise((resolve) => behind.close(resolve));
  });

  test('who connects and is gone, with a byte or without, leaves nothing', async () => {
    const { hostname, port } = new URL(gateway.http);
    await Promise.all(
      Array.from({ length: 90 }, (_, index) => {
        const socket = connect(Number(port), hostname);
        return new Promise<void>((resolve) => {
          socket.on('error', () => undefined);
          socket.on('connect', () => {
            if (index % 3 > 0) socket.write(index % 3 === 1 ? 'G' : '\x16');
            if (index % 2 === 0) socket.resetAndDestroy();
            else socket.end();
          });
          socket.on('close', () => resolve());
          socket.resume();
        });
      }),
    );
    expect((await call('/livez')).status).toBe(200);
  });

  test('new certificates are taken for connections to come', async () => {
    const name = () =>
      new Promise<string | undefined>((resolve, reject) => {
        const { hostname, port } = new URL(gateway.http);
        const socket = connectTls({ host: hostname, port: Number(port), ca: made.pem('hospital').cert }, () => {
          resolve(String(socket.getPeerCertificate().subject.CN));
          socket.destroy();
        });
        socket.on('error', reject);
      });
    expect(await name()).toBe('http');
    for (const kind of ['-key.pem', '.pem']) copyFileSync(made.file(`renewed${kind}`), made.file(`http${kind}`));
    await expect.poll(name).toBe('renewed');
    expect((await post('LABSYS', made.pem('lab'))).text).toContain('MSA|AA');
  });
});

test.skipIf(!haveOpenssl)('a stop does not wait for who begins a handshake and leaves it (needs openssl)', async () => {
  const made = makeCertificates();
  made.authority('http');
  const gateway = await start({ TLS_KEY: made.file('http-key.pem'), TLS_CERT: made.file('http.pem'), SHUTDOWN_MS: '100' });
  const { hostname, port } = new URL(gateway.http);
  const half = connect(Number(port), hostname);
  const closed = new Promise((resolve) => half.on('close', resolve));
  await new Promise((resolve) => half.on('connect', resolve));
  half.on('error', () => undefined);
  const begun = performance.now();
  await gateway.close();
  await closed;
  // a handshake may take half a minute, and a busy machine its time
  expect(performance.now() - begun).toBeLessThan(25_000);
  made.remove();
});

test.skipIf(!haveOpenssl)('a certificate lets nobody in to the records, and needs no login to send (needs openssl)', async () => {
  const made = makeCertificates();
  made.authority('both');
  made.signed('lab', 'both', { cn: 'lab', alternative: 'IP:127.0.0.1' });
  writeFileSync(
    made.file('clients.json'),
    JSON.stringify([{ client_id: 'registrar', jwks_uri: 'https://registrar.example.org/jwks', scopes: 'system/*.rs' }]),
  );
  const gateway = await start({
    TLS_KEY: made.file('lab-key.pem'),
    TLS_CERT: made.file('lab.pem'),
    TLS_CA: made.file('both.pem'),
    CLIENTS_FILE: made.file('clients.json'),
    BASE_URL: 'https://fhir.example.org/hospital/fhir/',
  });
  const call = (path: string, options: Asked = made.pem('lab')) => ask(gateway, path, { ca: made.pem('both').cert, ...options });
  const sent = () => ({ method: 'POST', headers: { 'content-type': 'application/hl7-v2' }, body: updateOf('LABSYS') });
  try {
    expect((await call('/hl7v2', { ...made.pem('lab'), ...sent() })).text).toContain('MSA|AA');
    expect((await call('/hl7v2', sent())).status).toBe(401);
    const closed = ['/fhir/Patient', '/messages', '/status', '/metrics'];
    expect(await Promise.all(closed.map(async (path) => (await call(path)).status))).toEqual(closed.map(() => 401));
    const smart = JSON.parse((await call('/.well-known/smart-configuration')).text) as { token_endpoint: string };
    expect([gateway.fhirBase, smart.token_endpoint]).toEqual([
      'https://fhir.example.org/hospital/fhir',
      'https://fhir.example.org/hospital/auth/token',
    ]);
  } finally {
    await gateway.close();
    made.remove();
  }
});

test('A-24 TLS on a port without it is answered as what is no HTTP', async () => {
  const gateway = await start({});
  try {
    expect(await raw(gateway.http, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')).toMatch(/^HTTP\/1\.1 400 [^]*request-unreadable/);
    expect((await fetch(`${gateway.http}/livez`)).headers.get('strict-transport-security')).toBeNull();
  } finally {
    await gateway.close();
  }
});

test.each([
  { TLS_KEY: '/nowhere/key.pem' },
  { TLS_CERT: '/nowhere/cert.pem' },
  { TLS_CA: '/nowhere/ca.pem' },
  { TLS_KEY: '/nowhere/key.pem', TLS_CERT: '/nowhere/cert.pem' },
])('%o does not start', async (settings) => {
  await expect(start(settings as Record<string, string>)).rejects.toMatchObject({ issues: [{ id: 'setting-invalid' }] });
});
