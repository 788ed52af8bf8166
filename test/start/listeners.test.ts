import { execFile } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import type { AuditEvent, Bundle } from 'fhir/r4.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IssueError } from '../../src/issue/issue-error.ts';
import type { Gateway } from '../../src/main.ts';
import { encodeFrame } from '../../src/wire/frame.ts';
import { sendMessages } from '../../src/wire/mllp-client.ts';
import { type Certificates, haveOpenssl, makeCertificates } from '../secure/certificates.ts';
import { startInMemory } from './in-memory.ts';

let messages = 0;
const message = (sender: string, rest = '') => {
  const id = `M${++messages}`;
  return Buffer.from(
    `MSH|^~\\&|${sender}|GENHOSP|CB|GENHOSP|20260302091500-0500||ADT^A01^ADT_A01|${id}|P|2.5.1\rEVN|A01|20260302091500-0500\rPID|1||${id}^^^GENHOSP^MR||X\rPV1|1|I\r${rest}`,
  );
};

describe.skipIf(!haveOpenssl)('listeners by a file of settings (needs openssl)', () => {
  let made: Certificates;
  let gateway: Gateway;
  let ports: Record<string, number>;

  beforeAll(async () => {
    made = makeCertificates();
    for (const name of ['hospital', 'senders', 'strangers']) made.authority(name);
    made.signed('server', 'hospital', { cn: 'mllp', alternative: 'IP:127.0.0.1' });
    made.signed('renewed', 'hospital', { cn: 'renewed', alternative: 'IP:127.0.0.1' });
    made.signed('by-dns', 'senders', { cn: 'a name of no importance', alternative: 'DNS:other.example,DNS:lab.genhosp.example' });
    made.signed('by-uri', 'senders', { alternative: 'URI:urn:oid:2.16.840.1.113883.19.5' });
    made.signed('by-name', 'senders', { cn: 'lab.genhosp.example' });
    made.signed('other', 'senders', { cn: 'adt.genhosp.example' });
    made.signed('expired', 'senders', { cn: 'lab.genhosp.example', days: -1 });
    made.signed('foreign', 'strangers', { cn: 'lab.genhosp.example' });
    for (const kind of ['.pem', '-key.pem']) copyFileSync(made.file(`server${kind}`), made.file(`lab${kind}`));
    writeFileSync(
      made.file('listeners.yaml'),
      `lab:
  MLLP_PORT: 0
  MLLP_TLS_KEY: ${made.file('lab-key.pem')}
  MLLP_TLS_CERT: ${made.file('lab.pem')}
  MLLP_TLS_CA: ${made.file('senders.pem')}
  ALLOWED_SENDERS:
    - LABSYS|GENHOSP=lab.genhosp.example
    - LABSYS|GENHOSP=urn:oid:2.16.840.1.113883.19.5
    - ADT1|GENHOSP=adt.genhosp.example
  MAX_CONNECTIONS_PER_PEER: 3
adt:
  MLLP_PORT: 0
  MLLP_STRICT: yes
  MAX_MESSAGE_BYTES: 2000
  FRAME_SILENCE_MS: 1000
far:
  MLLP_PORT: 0
  MLLP_ALLOWED_PEERS: [192.0.2.1, 10.0.0.0/8]
`,
    );
    gateway = await startInMemory({ LISTENERS: made.file('listeners.yaml') });
    ports = Object.fromEntries(
      [['mllp', gateway.mllp ?? ''] as const, ...gateway.listeners].map(([name, address]) => [name, Number(address.split(':')[1])]),
    );
  });
  afterAll(async () => {
    await gateway.close();
    made.remove();
  });

  const port = (name: string) => ports[name] as number;
  const trusting = (own: ConnectionOptions = {}): ConnectionOptions => ({ ca: made.pem('hospital').cert, ...own });
  const send = async (listener: string, raw: Uint8Array, tls?: ConnectionOptions) => {
    const report = await sendMessages('127.0.0.1', port(listener), [raw], { timeoutMs: 5000, ...(tls === undefined ? {} : { tls }) });
    return report.sent[0]?.code ?? report.sent[0]?.failure;
  };
  const shown = (name: string) => trusting(made.pem(name));
  type Listener = {
    name: string;
    refusedTotal: number;
    partialFramesTotal: number;
    connections: number;
    peers: { certificate?: string }[];
  };
  const listener = async (name: string) => {
    const { listeners } = (await (await fetch(`${gateway.http}/status`)).json()) as { listeners: Listener[] };
    return listeners.find((one) => one.name === name) as Listener;
  };
  const refusals = async () => {
    const bundle = (await (await fetch(`${gateway.fhirBase}/AuditEvent?type=110113&_count=100`)).json()) as Bundle<AuditEvent>;
    return (bundle.entry ?? []).map(({ resource }) => Buffer.from(resource?.entity?.[0]?.query ?? '', 'base64').toString());
  };
  const opened = (name: string, own: ConnectionOptions): Promise<TLSSocket> =>
    new Promise((resolve, reject) => {
      const socket = connectTls({ host: '127.0.0.1', port: port(name), ...own }, () => resolve(socket));
      socket.on('error', reject);
    });
  /** What comes back for bytes until a frame is whole, the other side closes, or a while is over. */
  const raw = (name: string, bytes: string | Uint8Array, ms = 60_000) =>
    new Promise<string>((resolve) => {
      let got = '';
      const socket: Socket = connect(port(name), '127.0.0.1', () => socket.write(bytes));
      const late = setTimeout(() => socket.destroy(), ms);
      socket.on('data', (part) => {
        got += part.toString('latin1');
        if (got.includes('\x1c\r')) socket.destroy();
      });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        clearTimeout(late);
        resolve(got);
      });
    });

  test('each is known by its name to the operator, to Prometheus and to the messages it took', async () => {
    expect(await send('mllp', message('LABSYS'))).toBe('AA');
    expect(await send('lab', message('LABSYS'), shown('by-dns'))).toBe('AA');
    const { messages: found } = (await (await fetch(`${gateway.http}/messages?control-id=M${messages}`)).json()) as {
      messages: { channel: string }[];
    };
    expect(found[0]?.channel).toMatch(/^lab 127\.0\.0\.1:\d+$/);
    const trail = (await (await fetch(`${gateway.fhirBase}/AuditEvent?type=110107&_count=200`)).json()) as Bundle<AuditEvent>;
    const came = (trail.entry ?? []).map(({ resource }) => [
      resource?.agent[0]?.who?.identifier?.value,
      resource?.entity?.flatMap(({ detail = [] }) => detail.map(({ type, valueString }) => `${type} ${valueString}`)).join(),
    ]);
    expect(came).toEqual(
      expect.arrayContaining([
        ['LABSYS|GENHOSP', 'listener mllp'],
        ['LABSYS|GENHOSP', 'listener lab'],
      ]),
    );
    const metrics = await (await fetch(`${gateway.http}/metrics`)).text();
    expect(metrics).toContain('chartbridge_mllp{listener="lab",what="framesTotal"} 1');
    expect(metrics).toContain('chartbridge_mllp{listener="adt",what="framesTotal"} 0');
    const open = await opened('lab', shown('by-uri'));
    await expect.poll(async () => (await listener('lab')).peers).toMatchObject([{ certificate: 'urn:oid:2.16.840.1.113883.19.5' }]);
    open.destroy();
  });

  test.each(['by-dns', 'by-uri', 'by-name'])(
    'a sender bound to a certificate may send with %s, and with none that names another',
    async (name) => {
      expect(await send('lab', message('LABSYS'), shown(name))).toBe('AA');
      expect(await send('lab', message('ADT1'), shown(name))).toBe('AR');
      expect(await send('lab', message('PACS'), shown(name))).toBe('AR');
    },
  );

  test.each(['expired', 'foreign', undefined])(
    'a certificate that is %s is refused before anything is read, and why is told',
    async (name) => {
      const before = (await listener('lab')).refusedTotal;
      expect(await send('lab', message('LABSYS'), name === undefined ? trusting() : shown(name))).toBe('closed');
      expect((await listener('lab')).refusedTotal).toBe(before + 1);
      const bundle = (await (await fetch(`${gateway.fhirBase}/AuditEvent?type=110113&_count=100`)).json()) as Bundle<AuditEvent>;
      const reasons = { expired: 'CERT_HAS_EXPIRED', foreign: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' };
      const queries = (bundle.entry ?? []).map(({ resource }) => [
        resource?.agent[0]?.network?.address,
        Buffer.from(resource?.entity?.[0]?.query ?? '', 'base64').toString(),
      ]);
      expect(queries).toContainEqual([
        expect.stringMatching(/^127\.0\.0\.1:[1-9]/),
        `lab handshake ${name === undefined ? 'NO_CERTIFICATE' : reasons[name as 'expired']}`,
      ]);
    },
  );

  test('TLS below 1.2, bytes without TLS and half a handshake get nothing and do no harm', async () => {
    await expect(
      opened('lab', { ...shown('by-dns'), minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    ).rejects.toThrow();
    expect(await raw('lab', encodeFrame(message('LABSYS')))).not.toContain('MSA');
    expect(await raw('lab', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')).not.toContain('HTTP');
    const half = Array.from({ length: 3 }, () => connect(port('lab'), '127.0.0.1'));
    await Promise.all(half.map((socket) => new Promise((resolve) => socket.on('connect', resolve))));
    // they are connections of this peer as well as any other
    await expect(send('lab', message('LABSYS'), shown('by-dns'))).rejects.toThrow();
    for (const socket of half) socket.destroy();
    await expect.poll(() => send('lab', message('LABSYS'), shown('by-dns')).catch(() => '')).toBe('AA');
  });

  test('TLS and HTTP on a listener of MLLP, and MLLP on one of TLS, are closed, counted, and told of', async () => {
    const cases = [
      ['mllp', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\vMSH', 'mllp protocol TLS'],
      ['mllp', 'POST /hl7v2 HTTP/1.1\r\nHost: x\r\n\r\n', 'mllp protocol HTTP'],
      ['lab', encodeFrame(message('LABSYS')), 'lab handshake ERR_SSL_WRONG_VERSION_NUMBER'],
      ['lab', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'lab handshake ERR_SSL_HTTP_REQUEST'],
    ] as const;
    for (const [name, bytes, told] of cases) {
      const { refusedTotal: before, partialFramesTotal: partial } = await listener(name);
      expect(await raw(name, bytes)).not.toMatch(/MSA|HTTP/);
      expect((await listener(name)).refusedTotal).toBe(before + 1);
      expect((await listener(name)).partialFramesTotal).toBe(partial);
      expect(await refusals()).toContain(told);
    }
    await expect.poll(async () => (await listener('mllp')).connections).toBe(0);
  });

  test('each keeps its own limits and framing', async () => {
    const long = (sender: string) => message(sender, `NTE|1||${'x'.repeat(3000)}\r`);
    expect([await send('mllp', long('A')), await send('adt', long('A'))]).toEqual(['AA', 'AR']);
    const withoutCr = () => encodeFrame(message('A')).subarray(0, -1);
    expect(await raw('mllp', withoutCr())).toContain('MSA|AA');
    expect(await raw('adt', withoutCr(), 2000)).toBe('');
    await expect(send('far', message('A'))).resolves.toBe('closed');
    expect((await listener('far')).refusedTotal).toBe(1);
  });

  test('new certificates are taken for connections to come; a pair that does not fit is not', async () => {
    const standing = await opened('lab', shown('by-dns'));
    const name = async () => {
      const socket = await opened('lab', shown('by-dns'));
      const { CN } = socket.getPeerCertificate().subject;
      socket.destroy();
      return CN;
    };
    expect(await name()).toBe('mllp');
    copyFileSync(made.file('renewed-key.pem'), made.file('lab-key.pem'));
    await new Promise((wake) => setTimeout(wake, 2500));
    expect(await name()).toBe('mllp');
    copyFileSync(made.file('renewed.pem'), made.file('lab.pem'));
    await expect.poll(name).toBe('renewed');
    const answered = new Promise<string>((resolve) => standing.on('data', (part) => resolve(part.toString('latin1'))));
    standing.write(encodeFrame(message('LABSYS')));
    expect(await answered).toContain('MSA|AA');
    standing.destroy();
  });

  test.each([undefined, 'expired', 'foreign'])(
    'a session that was begun with a certificate that is %s is not resumed into one that is believed',
    async (name) => {
      const own = name === undefined ? trusting() : shown(name);
      const session = await new Promise<Buffer | undefined>((resolve) => {
        const socket = connectTls({ host: '127.0.0.1', port: port('lab'), ...own });
        let last: Buffer | undefined;
        socket.on('session', (one: Buffer) => (last = one));
        socket.on('error', () => undefined);
        socket.on('close', () => resolve(last));
      });
      const answered = await send('lab', message('LABSYS'), { ...own, ...(session === undefined ? {} : { session }) });
      expect(answered).toBe('closed');
    },
  );

  test('whose signer is no longer believed does not come in again, not with an earlier session either', async () => {
    const sessions: Buffer[] = [];
    const standing = await opened('lab', shown('by-dns'));
    standing.on('session', (session: Buffer) => sessions.push(session));
    standing.write(encodeFrame(message('LABSYS')));
    await new Promise((resolve) => standing.once('data', resolve));
    standing.destroy();
    const signers = made.pem('senders').cert;
    copyFileSync(made.file('strangers.pem'), made.file('senders.pem'));
    await expect.poll(() => send('lab', message('LABSYS'), shown('foreign'))).toBe('AA');
    for (const session of [undefined, ...sessions])
      expect(await send('lab', message('LABSYS'), { ...shown('by-dns'), ...(session === undefined ? {} : { session }) })).toBe('closed');
    writeFileSync(made.file('senders.pem'), signers);
    await expect.poll(() => send('lab', message('LABSYS'), shown('by-dns'))).toBe('AA');
  });

  test('A-24 a storm of connections that are reset leaves nothing behind, with TLS and without', async () => {
    for (const name of ['mllp', 'lab'])
      await Promise.all(
        Array.from({ length: 400 }, (_, index) => {
          const socket = connect(port(name), '127.0.0.1');
          return new Promise<void>((resolve) => {
            socket.on('error', () => undefined);
            socket.on('connect', () => {
              if (index % 2 === 0) socket.write(index % 4 === 0 ? '\x16\x03\x01\x02' : '\vMSH|');
              socket.resetAndDestroy();
            });
            socket.on('close', () => resolve());
          });
        }),
      );
    await expect.poll(async () => [(await listener('mllp')).connections, (await listener('lab')).connections]).toEqual([0, 0]);
    await expect.poll(() => send('lab', message('LABSYS'), shown('by-dns')).catch(() => '')).toBe('AA');
    expect(await send('mllp', message('LABSYS'))).toBe('AA');
  });

  test('a certificate that is about to expire is an alert of its listener', async () => {
    const subjects = async () => {
      const { alerts } = (await (await fetch(`${gateway.http}/status`)).json()) as { alerts: { alert: string; subject: string }[] };
      return alerts.filter(({ alert }) => alert === 'certificate-expiry').map(({ subject }) => subject);
    };
    await expect.poll(subjects).toEqual(['lab MLLP_TLS_CERT', 'lab MLLP_TLS_CA']);
  });

  test('chartbridge send speaks TLS, shows a certificate, and says what it could not reach', async () => {
    writeFileSync(made.file('m.hl7'), message('LABSYS'));
    const run = (...words: string[]) =>
      promisify(execFile)(process.execPath, [
        'chartbridge.js',
        'send',
        made.file('m.hl7'),
        '--to',
        `127.0.0.1:${port('lab')}`,
        ...words,
      ]).then(
        ({ stdout }) => stdout,
        ({ code, stderr }: { code: number; stderr: string }) => `${code} ${stderr}`,
      );
    const mine = ['--cert', made.file('by-dns.pem'), '--key', made.file('by-dns-key.pem')];
    expect(await run('--ca', made.file('hospital.pem'), ...mine)).toMatch(/^AA [^]*\n1 sent: 1 AA\n$/);
    expect(await run('--tls', ...mine)).toMatch(/^2 .*UNABLE_TO_VERIFY_LEAF_SIGNATURE/);
    expect(await run('--ca', made.file('none.pem'))).toMatch(/^2 .*none\.pem cannot be read \(ENOENT\)/);
    expect(await run('--cert', made.file('by-dns.pem'))).toMatch(/^2 chartbridge send FILE/);
  });

  test('over TLS too a sender that has said everything still reads its answers', async () => {
    const socket = await opened('lab', shown('by-dns'));
    const got = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (part) => (text += part.toString('latin1')));
      socket.on('close', () => resolve(text));
    });
    socket.end(Buffer.concat([encodeFrame(message('LABSYS')), encodeFrame(message('LABSYS'))]));
    expect((await got).match(/MSA\|AA/g)).toHaveLength(2);
  });
});

test('a port that two of them want stops the start, and leaves none of them listening', async () => {
  const made = makeCertificates();
  try {
    const path = made.file('listeners.yaml');
    writeFileSync(path, 'one: { MLLP_PORT: 25761 }\nother: { MLLP_PORT: 25761 }\n');
    await expect(startInMemory({ LISTENERS: path })).rejects.toMatchObject({
      issues: [{ id: 'setting-invalid', parameters: { setting: 'MLLP_PORT' } }],
    });
    await expect(sendMessages('127.0.0.1', 25761, [message('A')])).rejects.toThrow('ECONNREFUSED');
  } finally {
    made.remove();
  }
});

test('a listener that is open to the network stops the start like any other door', async () => {
  const made = makeCertificates();
  try {
    const path = made.file('listeners.yaml');
    writeFileSync(path, 'lab: { MLLP_PORT: 0, HOST: 0.0.0.0 }\n');
    const error = await startInMemory({ LISTENERS: path }).catch((reason: unknown) => reason);
    expect(
      (error as IssueError).issues?.map(({ id, parameters }) => [id, String(parameters['reason']).includes('the listener lab')]),
    ).toEqual([['setting-invalid', true]]);
  } finally {
    made.remove();
  }
});
