import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { AuditEvent, Bundle } from 'fhir/r4.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IssueError } from '../../src/issue/issue-error.ts';
import type { Gateway } from '../../src/main.ts';
import { holdsUntil, revocationLists } from '../../src/secure/revocation-list.ts';
import { encodeFrame } from '../../src/wire/frame.ts';
import { type Certificates, haveOpenssl, makeCertificates } from '../secure/certificates.ts';
import { startInMemory } from './in-memory.ts';
import { updateOf } from './update-message.ts';

/** Of one address so many refusals are told one by one. */
const SELDOM = { interval: 1_500 };

describe.skipIf(!haveOpenssl)('keys with a passphrase, and lists of revoked certificates (needs openssl)', () => {
  let made: Certificates;
  let gateway: Gateway;

  beforeAll(async () => {
    made = makeCertificates();
    for (const name of ['hospital', 'senders', 'strangers']) made.authority(name);
    made.signed('server', 'hospital', { cn: 'server', alternative: 'IP:127.0.0.1' });
    for (const name of ['lab', 'adt', 'poct']) made.signed(name, 'senders', { cn: name });
    made.lock('server', 'correct horse');
    writeFileSync(made.file('passphrase'), 'correct horse\n');
    made.revoked('one', 'senders', ['poct']);
    made.revoked('two', 'senders', ['poct', 'lab']);
    made.revoked('expired', 'senders', ['poct'], -1);
    made.revoked('foreign', 'strangers', []);
    copyFileSync(made.file('one.crl'), made.file('list.pem'));
    const tls = {
      KEY: made.file('server-key.pem'),
      PASSPHRASE_FILE: made.file('passphrase'),
      CERT: made.file('server.pem'),
      CA: made.file('senders.pem'),
      CRL: made.file('list.pem'),
    };
    gateway = await startInMemory(
      Object.fromEntries(
        Object.entries(tls).flatMap(([name, path]) => [`TLS_${name}`, `MLLP_TLS_${name}`].map((setting) => [setting, path])),
      ),
    );
  });
  afterAll(async () => {
    await gateway.close();
    made.remove();
  });

  const own = (name: string | undefined) => ({
    ca: made.pem('hospital').cert,
    ...(name === undefined ? {} : made.pem(name)),
  });
  const mllp = (name: string) => {
    const [host = '', port = ''] = gateway.mllp?.split(':') ?? [];
    return connectTls({ host, port: Number(port), ...own(name) });
  };
  /** The code of the answer; empty when the connection was closed instead. */
  const answerOn = (socket: TLSSocket) =>
    new Promise<string>((resolve) => {
      socket.on('error', () => undefined);
      socket.once('close', () => resolve(''));
      socket.once('data', (part) => resolve(/MSA\|(\w\w)/.exec(part.toString('latin1'))?.[1] ?? ''));
      socket.write(encodeFrame(Buffer.from(updateOf('ADT1'))));
    });
  const overMllp = async (name: string) => {
    const socket = mllp(name);
    const code = await answerOn(socket);
    socket.destroy();
    return code;
  };
  const ask = (path: string, name: string | undefined, body?: string) =>
    new Promise<string>((resolve) => {
      const headers = { 'content-type': 'application/hl7-v2' };
      const options = { agent: false, method: body === undefined ? 'GET' : 'POST', headers, ...own(name) } as const;
      const asked = request(`${gateway.http}${path}`, options, (answer) => {
        let text = '';
        answer.on('data', (part: Buffer) => (text += part.toString('utf8')));
        answer.on('end', () => resolve(text));
      });
      asked.on('error', () => resolve(''));
      asked.end(body);
    });
  const overHttp = async (name: string) => /MSA\|(\w\w)/.exec(await ask('/hl7v2', name, updateOf('ADT1')))?.[1] ?? '';
  const refusals = async () => {
    const bundle = JSON.parse(await ask('/fhir/AuditEvent?type=110113&_count=200', undefined)) as Bundle<AuditEvent>;
    return (bundle.entry ?? []).map(({ resource }) => Buffer.from(resource?.entity?.[0]?.query ?? '', 'base64').toString());
  };
  const alerts = async () => {
    const status = JSON.parse(await ask('/status', undefined)) as { alerts: { alert: string; subject: string }[] };
    return status.alerts.filter(({ alert }) => alert === 'revocation-list-expired').map(({ subject }) => subject);
  };
  const take = (list: string) => copyFileSync(made.file(list), made.file('list.pem'));

  test('who is on the list is refused at both doors, and why is told; the others come in', async () => {
    expect([await overMllp('lab'), await overHttp('lab'), await overMllp('poct'), await overHttp('poct')]).toEqual(['AA', 'AA', '', '']);
    expect(await refusals()).toEqual(expect.arrayContaining(['mllp handshake CERT_REVOKED', 'CERT_REVOKED']));
  });

  test('a new list is taken, and ends the connections that are open; what cannot be read as one is not', async () => {
    const standing = mllp('lab');
    expect(await answerOn(standing)).toBe('AA');
    const ended = new Promise((resolve) => standing.once('close', resolve));
    take('two.crl');
    await ended;
    await expect.poll(() => overHttp('lab'), SELDOM).toBe('');
    expect([await overMllp('lab'), await overHttp('lab'), await overMllp('adt'), await overHttp('adt')]).toEqual(['', '', 'AA', 'AA']);
    writeFileSync(made.file('list.pem'), 'no list');
    await new Promise((wake) => setTimeout(wake, 2_500));
    expect([await overMllp('lab'), await overHttp('lab'), await overMllp('adt'), await overHttp('adt')]).toEqual(['', '', 'AA', 'AA']);
  });

  test('a list that has expired, or is of another authority, lets nobody in who shows a certificate', async () => {
    for (const [list, reason] of [
      ['expired', 'CRL_HAS_EXPIRED'],
      ['foreign', 'UNABLE_TO_GET_CRL'],
    ]) {
      take(`${list}.crl`);
      const told = async () => {
        await Promise.all([overMllp('adt'), overHttp('adt')]);
        return refusals();
      };
      await expect.poll(told, SELDOM).toEqual(expect.arrayContaining([`mllp handshake ${reason}`, reason]));
      expect([await overMllp('adt'), await overHttp('adt')]).toEqual(['', '']);
      if (list === 'expired') await expect.poll(alerts).toEqual(['http TLS_CRL', 'mllp MLLP_TLS_CRL']);
    }
    take('one.crl');
    await expect.poll(() => overMllp('adt'), SELDOM).toBe('AA');
    await expect.poll(() => overHttp('adt'), SELDOM).toBe('AA');
    await expect.poll(alerts).toEqual([]);
  });

  test('a key and its passphrase are taken anew together', async () => {
    made.signed('renewed', 'hospital', { cn: 'renewed', alternative: 'IP:127.0.0.1' });
    made.lock('renewed', 'battery staple');
    const name = () =>
      new Promise((resolve) => {
        const socket = mllp('adt');
        socket.on('error', () => undefined);
        socket.once('close', () => resolve(undefined));
        socket.once('secureConnect', () => {
          resolve(socket.getPeerCertificate().subject.CN);
          socket.destroy();
        });
      });
    expect(await name()).toBe('server');
    writeFileSync(made.file('passphrase'), 'battery staple');
    for (const kind of ['.pem', '-key.pem']) copyFileSync(made.file(`renewed${kind}`), made.file(`server${kind}`));
    await expect.poll(name).toBe('renewed');
  });

  test('what does not open the key, or is no list, or asks nobody, does not start; the passphrase is not told', async () => {
    writeFileSync(made.file('wrong'), 'wrong horse');
    const good = { TLS_KEY: made.file('server-key.pem'), TLS_CERT: made.file('server.pem'), TLS_PASSPHRASE_FILE: made.file('passphrase') };
    for (const [setting, settings] of [
      ['TLS_KEY', { ...good, TLS_PASSPHRASE_FILE: made.file('wrong') }],
      ['TLS_KEY', { ...good, TLS_PASSPHRASE_FILE: '' }],
      ['TLS_PASSPHRASE_FILE', { ...good, TLS_PASSPHRASE_FILE: made.file('none') }],
      ['TLS_KEY', { TLS_PASSPHRASE_FILE: made.file('passphrase') }],
      ['TLS_CRL', { ...good, TLS_CRL: made.file('one.crl') }],
      ['TLS_CRL', { ...good, TLS_CA: made.file('senders.pem'), TLS_CRL: made.file('senders.pem') }],
    ] as const) {
      const error = (await startInMemory({ MLLP_PORT: 'off', ...settings }).catch((reason: unknown) => reason)) as IssueError;
      expect(error.issues?.map(({ id, parameters }) => [id, parameters['setting']])).toEqual([['setting-invalid', setting]]);
      expect(JSON.stringify(error.issues)).not.toMatch(/horse|staple/);
    }
  });

  test('a list says until when it holds', () => {
    const ends = (name: string) =>
      revocationLists(readFileSync(made.file(name), 'latin1')).map((list) =>
        Math.round(((holdsUntil(list) ?? 0) - Date.now()) / 3_600_000),
      );
    expect([ends('one.crl'), ends('expired.crl'), ends('senders.pem')]).toEqual([[48], [-24], []]);
    expect(['', 'MA==', 'MIT/////', 'MAMwATA='].map(holdsUntil)).toEqual([undefined, undefined, undefined, undefined]);
  });
});
