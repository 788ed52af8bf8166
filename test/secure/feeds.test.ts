import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { AuditEvent, Bundle } from 'fhir/r4.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { IssueError } from '../../src/issue/issue-error.ts';
import { startGateway } from '../../src/main.ts';
import { parseApiKeys } from '../../src/secure/api-keys.ts';
import { networkIssue } from '../../src/secure/open-network.ts';
import { parseSenders } from '../../src/secure/sender-list.ts';
import { rateLimit } from '../../src/secure/token-bucket.ts';

const start = async (settings: Record<string, string>) => {
  const config = readConfig({ PORT: '0', MLLP_PORT: '0', DATABASE_URL: 'sqlite::memory:', LOG_LEVEL: 'silent', ...settings });
  if (!config.ok) throw new IssueError(...config.issues);
  return startGateway(config.value);
};
const haveOpenssl = spawnSync('openssl', ['version']).status === 0;

test('addresses that are not loopback are served when every door there asks who comes', () => {
  const doors = (http: boolean, lab: boolean, labHost = '0.0.0.0') =>
    networkIssue(
      [
        { name: 'HTTP', host: '0.0.0.0', isGuarded: http, hasTls: false },
        { name: 'the listener lab', host: labHost, isGuarded: lab, hasTls: true },
      ],
      false,
    )?.id;
  expect([doors(false, false), doors(true, false), doors(false, true), doors(true, true), doors(true, false, '127.0.0.1')]).toEqual([
    'setting-invalid',
    'setting-invalid',
    'setting-invalid',
    undefined,
    undefined,
  ]);
});

test.each([
  { HOST: '0.0.0.0' },
  { HOST: '0.0.0.0', HL7_API_KEYS: `lab=${'k'.repeat(20)}`, MLLP_PORT: 'off' },
  { CLIENTS_FILE: '/nowhere/clients.json' },
  { ISSUERS: 'https://idp.example.org|http://idp.example.org/jwks' },
  { HL7_API_KEYS: 'lab=short' },
  { MLLP_TLS_KEY: '/nowhere/key.pem' },
  { ALLOWED_SENDERS: 'LABSYS' },
  { ALLOWED_SENDERS: ',' },
  { ALLOWED_SENDERS: 'LABSYS|GENHOSP=key:lab' },
  { ALLOWED_SENDERS: 'LABSYS|GENHOSP=key:lap', HL7_API_KEYS: `lab=${'k'.repeat(20)}` },
])('%o does not start', async (settings) => {
  const error = await start(settings as Record<string, string>).catch((reason: unknown) => reason);
  expect((error as IssueError).issues?.map(({ id }) => id)).toEqual(['setting-invalid']);
});

test('keys are compared whole', () => {
  const key = 'abcdefghijklmnopqrstuvwxyz';
  const parsed = parseApiKeys('HL7_API_KEYS', `lab=${key}, adt=${key}1`);
  const keys = parsed.ok ? parsed.value : undefined;
  expect([key, `${key}1`, `${key}2`, '', undefined].map((one) => keys?.nameOf(one))).toEqual([
    'key:lab',
    'key:adt',
    undefined,
    undefined,
    undefined,
  ]);
});

test('a sender that is not listed is refused, and one with another certificate', () => {
  const parsed = parseSenders('ALLOWED_SENDERS', 'LABSYS|GENHOSP=lab.example, ADT1|GENHOSP, LABSYS|GENHOSP=urn:oid:1.2.3', undefined);
  const check = parsed.ok ? parsed.value : undefined;
  expect([
    check?.('ADT1|GENHOSP', []),
    check?.('LABSYS|GENHOSP', ['lab.example']),
    check?.('LABSYS|GENHOSP', ['lab', 'urn:oid:1.2.3']),
    check?.('LABSYS|GENHOSP', [])?.id,
    check?.('LABSYS|GENHOSP', ['other.example'])?.id,
    check?.('OTHER|GENHOSP', ['lab.example'])?.id,
  ]).toEqual([undefined, undefined, undefined, 'forbidden', 'forbidden', 'forbidden']);
});

test('a key sends as whom it is bound to, and as whoever is bound to nothing; another is answered AR with 403 and told of', async () => {
  const [lab, standby, adt] = ['l'.repeat(20), 's'.repeat(20), 'a'.repeat(20)];
  const gateway = await start({
    MLLP_PORT: 'off',
    HL7_API_KEYS: `lab=${lab}, lab=${standby}, adt=${adt}`,
    ALLOWED_SENDERS: 'LABSYS|GENHOSP=key:lab, LABSYS|GENHOSP=lab.genhosp.example, ADT1|GENHOSP=key:adt, POCT|GENHOSP',
  });
  let messages = 0;
  const send = async (sender: string, key: string) => {
    const id = `K${++messages}`;
    const answer = await fetch(`${gateway.http}/hl7v2`, {
      method: 'POST',
      headers: { 'content-type': 'application/hl7-v2', 'x-api-key': key },
      body: `MSH|^~\\&|${sender}|GENHOSP|CB|GENHOSP|20260302091500-0500||ADT^A31^ADT_A05|${id}|P|2.5.1\rEVN|A31|20260302091500-0500\rPID|1||${id}^^^GENHOSP^MR||X\r`,
    });
    const [, code] = /MSA\|(\w\w)/.exec(await answer.clone().text()) ?? [];
    const [, at, error] = /ERR\|\|([^|]*)\|(\d+)/.exec(await answer.text()) ?? [];
    return [answer.status, code, at, error].filter((part) => part !== undefined).join(' ');
  };
  try {
    expect([
      await send('LABSYS', lab),
      await send('LABSYS', standby),
      await send('ADT1', adt),
      await send('POCT', adt),
      await send('LABSYS', adt),
      await send('ADT1', lab),
      await send('OTHER', lab),
      await send('LABSYS', 'x'.repeat(20)),
    ]).toEqual(['200 AA', '200 AA', '200 AA', '200 AA', '403 AR MSH^1^3^1 207', '403 AR MSH^1^3^1 207', '403 AR MSH^1^3^1 207', '401']);
    const events = (await (await fetch(`${gateway.fhirBase}/AuditEvent?outcome=4`)).json()) as Bundle<AuditEvent>;
    const told = (events.entry ?? []).map(({ resource }) => [
      resource?.agent[0]?.network?.address,
      resource?.entity?.[0]?.detail?.[0]?.valueString,
    ]);
    expect(told.map((one) => one.join(' '))).toEqual(Array(4).fill('127.0.0.1 http'));
  } finally {
    await gateway.close();
  }
});

test('so many at once, then so many a second, each for itself, whatever the clock does', () => {
  let now = 1_000_000;
  const limit = rateLimit({ perSecond: 2, burst: 4, now: () => now });
  const takes = (key: string, count: number) => Array.from({ length: count }, () => limit.take(key));
  expect(takes('a', 5)).toEqual([0, 0, 0, 0, 1]);
  expect(limit.take('b')).toBe(0);
  now += 1000;
  expect(takes('a', 3)).toEqual([0, 0, 1]);
  now -= 3_600_000;
  expect(limit.take('a')).toBe(1);
});

describe.skipIf(!haveOpenssl)('MLLP with certificates by settings (needs openssl)', () => {
  let folder: string;
  const file = (name: string) => join(folder, name);
  const openssl = (words: string) => execFileSync('openssl', words.split(' '), { stdio: 'ignore' });
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'chartbridge-tls-'));
    const key = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2';
    openssl(`req -x509 ${key} -subj /CN=localhost -keyout ${file('key.pem')} -out ${file('cert.pem')}`);
    openssl(`req -x509 ${key} -subj /CN=lab.example -keyout ${file('lab-key.pem')} -out ${file('lab.pem')}`);
    openssl(`req -x509 ${key} -subj /CN=lab.example -keyout ${file('other-key.pem')} -out ${file('other.pem')}`);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const say = (address: string, sender: string, who: string | undefined) =>
    new Promise<string>((resolve) => {
      const [host = '', port = ''] = address.split(':');
      const own = who === undefined ? {} : { key: readFileSync(file(`${who}-key.pem`)), cert: readFileSync(file(`${who}.pem`)) };
      const message = `MSH|^~\\&|${sender}|GENHOSP|CB|GENHOSP|20260302091500-0500||ADT^A01^ADT_A01|T1|P|2.5.1\rEVN|A01|20260302091500-0500\rPID|1||1^^^GENHOSP^MR||X\rPV1|1|I\r`;
      let got = '';
      const socket = connect({ host, port: Number(port), ca: readFileSync(file('cert.pem')), servername: 'localhost', ...own }, () =>
        socket.write(`\x0b${message}\x1c\r`),
      );
      socket.on('data', (part) => {
        got += part.toString('utf8');
        if (got.includes('\x1c')) socket.end();
      });
      socket.on('error', () => resolve(got));
      socket.on('close', () => resolve(got));
    });

  test('only a sender with a certificate that is signed as it must be, and bound to its name, is heard', async () => {
    const gateway = await start({
      MLLP_TLS_KEY: file('key.pem'),
      MLLP_TLS_CERT: file('cert.pem'),
      MLLP_TLS_CA: file('lab.pem'),
      ALLOWED_SENDERS: 'LABSYS|GENHOSP=lab.example, ADT1|GENHOSP=adt.example',
    });
    try {
      const address = gateway.mllp as string;
      expect(await say(address, 'LABSYS', 'lab')).toContain('MSA|AA|T1');
      const [host = '', port = ''] = address.split(':');
      const own = { key: readFileSync(file('lab-key.pem')), cert: readFileSync(file('lab.pem')), ca: readFileSync(file('cert.pem')) };
      const open = connect({ host, port: Number(port), servername: 'localhost', ...own });
      open.write('\v');
      type Shown = { listeners: [{ peers: { certificate?: string }[] }] };
      const peers = async () => ((await (await fetch(`${gateway.http}/status`)).json()) as Shown).listeners[0].peers;
      await expect.poll(async () => (await peers()).map(({ certificate }) => certificate)).toEqual(['lab.example']);
      open.destroy();
      expect(await say(address, 'ADT1', 'lab')).toContain('MSA|AR|T1');
      expect(await say(address, 'LABSYS', 'other')).toBe('');
      expect(await say(address, 'LABSYS', undefined)).toBe('');
      // one for the name that is not its own, two for the certificates
      const events = (await (await fetch(`${gateway.fhirBase}/AuditEvent?outcome=4&_elements=subtype`)).json()) as Bundle<AuditEvent>;
      const kinds = (events.entry ?? []).map(({ resource }) => resource?.subtype?.[0]?.code ?? '');
      expect(kinds.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['110126', '110126', 'hl7v2-message']);
      const { feeds } = (await (await fetch(`${gateway.http}/status`)).json()) as { feeds: { sender: string; sinceStart: object }[] };
      expect(feeds.map(({ sender }) => sender)).toEqual(['ADT1|GENHOSP', 'LABSYS|GENHOSP']);
    } finally {
      await gateway.close();
    }
  });
});
