import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseClients } from '../../src/secure/clients.ts';
import { keysAddressFault, remoteKeys } from '../../src/secure/key-address.ts';
import { isInside } from '../../src/secure/own-network.ts';
import { parseScope } from '../../src/secure/scope.ts';
import { issueIds } from '../serve/gateway.ts';
import { ownPort } from '../end-to-end/gateway.ts';
import { asking, type Guarded, ISSUER, openGuarded, signer } from './guarded-gateway.ts';

let guarded: Guarded;
beforeAll(async () => {
  guarded = await openGuarded();
});
afterAll(() => guarded.close());

const now = () => Math.floor(Date.now() / 1000);

describe('the token endpoint', () => {
  test('gives a short token for a signed assertion, and it opens what its scope says', async () => {
    const reply = await guarded.askToken(asking(await guarded.assertion(), 'system/Patient.rs system/*.cruds'));
    expect([reply.status, reply.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const body = (await reply.json()) as { access_token: string; token_type: string; expires_in: number; scope: string };
    expect(body).toMatchObject({ token_type: 'bearer', expires_in: 300, scope: 'system/Patient.rs system/*.cruds' });
    expect((await guarded.call('GET', 'Patient', body.access_token)).status).toBe(200);
  });

  test('an assertion is used once', async () => {
    const assertion = await guarded.assertion();
    const answers = await Promise.all([1, 2, 3].map(async () => (await guarded.askToken(asking(assertion))).status));
    expect(answers.toSorted((one, two) => one - two)).toEqual([200, 401, 401]);
  });

  test('a client with a patient is told it, and sees that patient alone', async () => {
    const assertion = await guarded.assertion({ iss: 'app', sub: 'app' });
    const body = (await (await guarded.askToken(asking(assertion, 'patient/Patient.r'))).json()) as Record<string, string>;
    expect(body['patient']).toBe('p1');
    expect((await guarded.call('GET', 'Patient/p2', body['access_token'])).status).toBe(404);
  });

  test.each([
    ['expired', { exp: now() - 120 }],
    ['valid for too long', { exp: now() + 900 }],
    ['without an end', { exp: undefined }],
    ['without a jti', { jti: undefined }],
    ['of nobody known', { iss: 'stranger', sub: 'stranger' }],
    ['of one for another', { sub: 'lab' }],
    ['for another audience', { aud: 'https://elsewhere.example.org/token' }],
    ['from the future', { nbf: now() + 600 }],
  ])('an assertion %s is invalid_client', async (_what, claims) => {
    const reply = await guarded.askToken(asking(await guarded.assertion(claims)));
    expect([reply.status, await reply.json()]).toEqual([401, { error: 'invalid_client' }]);
  });

  test.each([
    ['signed by another', async () => guarded.assertion({}, {}, await signer('registrar-1'))],
    ['with a key the client does not have', () => guarded.assertion({}, { kid: 'none' })],
    ['with no signature', async () => new UnsecuredJWT({ iss: 'registrar', sub: 'registrar', jti: 'x' }).setExpirationTime('4m').encode()],
    [
      'with the public key as a secret',
      () =>
        new SignJWT({ iss: 'registrar', sub: 'registrar', aud: `${guarded.gateway.http}/auth/token`, jti: 'y' })
          .setProtectedHeader({ alg: 'HS256', kid: 'registrar-1' })
          .setExpirationTime('4m')
          .sign(new TextEncoder().encode(JSON.stringify(guarded.client.jwk))),
    ],
    [
      'that brings its own keys',
      async () => {
        const mine = await signer('mine');
        return guarded.assertion({}, { kid: 'mine', jku: 'https://attacker.example.org/jwks', jwk: mine.jwk }, mine);
      },
    ],
    ['that is no JWT', async () => 'abc'],
  ])('an assertion %s is invalid_client', async (_what, make) => {
    const reply = await guarded.askToken(asking(await make()));
    expect([reply.status, await reply.json()]).toEqual([401, { error: 'invalid_client' }]);
  });

  test.each([
    ['another grant', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['another kind of assertion', { client_assertion_type: 'saml' }, 'invalid_request'],
    ['no scope', { scope: '' }, 'invalid_scope'],
    ['a scope that is none', { scope: 'everything' }, 'invalid_scope'],
  ])('%s is refused', async (_what, change, error) => {
    const reply = await guarded.askToken({ ...asking(await guarded.assertion()), ...change });
    expect([reply.status, await reply.json()]).toEqual([400, { error }]);
  });

  test('nobody gets more than it is registered for', async () => {
    for (const scope of ['system/*.rs', 'patient/*.cruds', 'system/Patient.rs']) {
      const reply = await guarded.askToken(asking(await guarded.assertion({ iss: 'app', sub: 'app' }), scope));
      expect([scope, reply.status, await reply.json()]).toEqual([scope, 400, { error: 'invalid_scope' }]);
    }
  });

  test('operators and doubled parameters in the body are no way in', async () => {
    const body = new URLSearchParams(asking(await guarded.assertion()));
    body.append('scope', 'system/*.cruds');
    const post = (text: string, type = 'application/x-www-form-urlencoded') =>
      fetch(`${guarded.gateway.http}/auth/token`, { method: 'POST', headers: { 'content-type': type }, body: text });
    expect((await post(body.toString())).status).toBe(400);
    expect((await post('grant_type[$ne]=x&client_assertion[$ne]=y')).status).toBe(400);
    expect((await post('{"grant_type":{"$ne":""}}', 'application/json')).status).toBe(400);
    expect((await post('x'.repeat(100_000))).status).toBe(413);
  });
});

describe('a bearer token', () => {
  const answer = async (token: string | undefined) => {
    const reply = await guarded.call('GET', 'Patient', token);
    return [reply.status, issueIds(await reply.json())[0], reply.headers.get('www-authenticate')?.slice(0, 6)];
  };
  const REFUSED = [401, 'login-needed', 'Bearer'];

  test('of an issuer that is believed opens', async () =>
    expect((await guarded.call('GET', 'Patient', await guarded.token('system/*.rs'))).status).toBe(200));

  test.each([
    ['none', async () => undefined],
    ['one that is no JWT', async () => 'abcdefghijklmnopqrstuvwxyz'],
    ['one that expired', () => guarded.token('system/*.rs', { exp: now() - 120 })],
    ['one without an end', () => guarded.token('system/*.rs', { exp: undefined })],
    ['one of another issuer', () => guarded.token('system/*.rs', { iss: 'https://other.example.org' })],
    ['one for another audience', () => guarded.token('system/*.rs', { aud: 'https://other.example.org/fhir' })],
    [
      'one signed by another',
      async () => (await signer('idp-1')).sign({ iss: ISSUER, aud: guarded.base, sub: 's', exp: now() + 60, scope: 'system/*.rs' }),
    ],
    [
      'one with no signature',
      async () =>
        new UnsecuredJWT({ scope: 'system/*.rs' })
          .setIssuer(ISSUER)
          .setAudience(guarded.base)
          .setSubject('s')
          .setExpirationTime('4m')
          .encode(),
    ],
    [
      'one of ours that we did not sign',
      async () => (await signer('x')).sign({ iss: guarded.base, aud: guarded.base, sub: 's', exp: now() + 60, scope: 'system/*.rs' }),
    ],
    [
      'one with a path for a kid',
      () => guarded.issuer.sign({ iss: ISSUER, aud: guarded.base, sub: 's', exp: now() + 60 }, { kid: "../../dev/null' OR 1=1" }),
    ],
  ])('%s: 401, and how to log in', async (_what, make) => expect(await answer(await make())).toEqual(REFUSED));

  test('of a secret made from the public key is refused', async () => {
    const secret = new TextEncoder().encode(JSON.stringify(guarded.issuer.jwk));
    const token = await new SignJWT({ iss: ISSUER, aud: guarded.base, sub: 's', scope: 'system/*.rs' })
      .setProtectedHeader({ alg: 'HS256', kid: 'idp-1' })
      .setExpirationTime('4m')
      .sign(secret);
    expect(await answer(token)).toEqual(REFUSED);
  });

  test.each(['jku', 'x5u', 'jwk'])('that says itself by %s where its key is: refused, and nobody is asked there', async (name) => {
    let asked = 0;
    const attacker = await signer('evil-1');
    const keys = createServer((_request, response) => {
      asked += 1;
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [attacker.jwk] }));
    });
    await new Promise<void>((resolve) => keys.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/jwks`;
    const claims = { iss: ISSUER, aud: guarded.base, sub: 's', exp: now() + 60, scope: 'system/*.rs' };
    const header = { [name]: name === 'jwk' ? attacker.jwk : address };
    expect(await answer(await attacker.sign(claims, header))).toEqual(REFUSED);
    expect(await answer(await attacker.sign(claims, { ...header, kid: 'idp-1' }))).toEqual(REFUSED);
    expect(asked).toBe(0);
    keys.close();
  });

  test('that expired is believed for a minute more where clocks may differ, and no longer', async () => {
    const status = async (exp: number) => (await guarded.call('GET', 'Patient', await guarded.token('system/*.rs', { exp }))).status;
    expect([await status(now() - 30), await status(now() - 70)]).toEqual([200, 401]);
  });

  test('is not read from the address', async () => {
    const token = await guarded.token('system/*.rs');
    expect((await guarded.call('GET', `Patient?access_token=${token}`)).status).toBe(401);
  });
});

describe('beside FHIR', () => {
  const post = (headers: Record<string, string>) =>
    fetch(`${guarded.gateway.http}/hl7v2`, { method: 'POST', headers: { 'content-type': 'text/plain', ...headers }, body: 'MSH|^~\\&|' });

  test('messages and metrics are for operators', async () => {
    const [reader, operator] = [await guarded.token('system/*.rs'), await guarded.token('system/*.cruds')];
    for (const path of ['/messages', '/messages/1/raw', '/metrics']) {
      expect([path, (await guarded.call('GET', path)).status]).toEqual([path, 401]);
      expect([path, (await guarded.call('GET', path, reader)).status]).toEqual([path, 403]);
      expect([path, (await guarded.call('GET', path, operator)).status < 401 || path.endsWith('raw')]).toEqual([path, true]);
    }
    expect((await guarded.call('POST', '/messages/1/$reprocess', reader)).status).toBe(403);
    expect((await guarded.call('GET', '/livez')).status).toBe(200);
  });

  test('messages are sent by who may create anything', async () => {
    expect((await post({})).status).toBe(401);
    expect((await post({ authorization: `Bearer ${await guarded.token('system/*.rs')}` })).status).toBe(403);
    expect((await post({ authorization: `Bearer ${await guarded.token('system/*.c')}` })).status).not.toBe(401);
  });

  test('how to log in is told to everybody, and nothing else is', async () => {
    for (const path of ['/.well-known/smart-configuration', '/fhir/.well-known/smart-configuration']) {
      const reply = await guarded.call('GET', path, undefined, undefined, { accept: 'text/html' });
      expect(reply.headers.get('content-type')).toMatch(/^application\/json/);
      expect(await reply.json()).toMatchObject({
        token_endpoint: `${guarded.gateway.http}/auth/token`,
        grant_types_supported: ['client_credentials'],
        code_challenge_methods_supported: ['S256'],
      });
    }
    expect((await guarded.call('GET', 'metadata')).status).toBe(200);
  });
});

describe('with keys and limits', () => {
  test('a key of a setting opens HL7 over HTTP and nothing else; too much is 429 with when to come back', async () => {
    const key = 'k'.repeat(24);
    const limited = await openGuarded({ HL7_API_KEYS: `lab=${key}`, RATE_LIMIT: '5', CORS_ORIGINS: 'https://app.example.org' });
    try {
      const post = (headers: Record<string, string>) =>
        fetch(`${limited.gateway.http}/hl7v2`, {
          method: 'POST',
          headers: { 'content-type': 'text/plain', ...headers },
          body: 'MSH|^~\\&|',
        });
      expect((await post({ 'x-api-key': key })).status).toBe(200);
      expect((await post({ 'x-api-key': `${key}x` })).status).toBe(401);
      expect((await limited.call('GET', 'Patient', undefined, undefined, { 'x-api-key': key })).status).toBe(401);
      const page = await limited.call('GET', 'metadata', undefined, undefined, { origin: 'https://app.example.org' });
      expect(page.headers.get('access-control-allow-origin')).toBe('https://app.example.org');
      const stranger = await limited.call('GET', 'metadata', undefined, undefined, { origin: 'https://evil.example.org' });
      expect(stranger.headers.get('access-control-allow-origin')).toBeNull();
      const token = await limited.token('system/*.rs');
      const replies = await Promise.all(Array.from({ length: 40 }, () => limited.call('GET', 'Patient', token)));
      const late = replies.find(({ status }) => status === 429);
      expect([issueIds(await late?.json()), Number(late?.headers.get('retry-after')) >= 1]).toEqual([['too-many-requests'], true]);
    } finally {
      await limited.close();
    }
  });

  test('the signing key and used assertions are kept across restarts', async () => {
    const file = `/tmp/chartbridge-keys-${process.pid}.db`;
    const port = ownPort();
    const settings = { PORT: port };
    const first = await openGuarded(settings, `sqlite:${file}`);
    const assertion = await first.assertion();
    const { access_token: token } = (await (await first.askToken(asking(assertion))).json()) as { access_token: string };
    const { client } = first;
    await first.close();
    const second = await openGuarded(settings, `sqlite:${file}`);
    try {
      expect((await second.call('GET', 'Patient', token)).status).toBe(200);
      expect(client.kid).toBe('registrar-1');
    } finally {
      await second.close();
    }
  });
});

describe('scopes', () => {
  test.each([
    ['system/Patient.read', 'rs'],
    ['system/Patient.write', 'cud'],
    ['user/*.*', 'cruds'],
    ['patient/Observation.rs?category=laboratory', 'rs'],
    ['system/*.c', 'c'],
  ])('%s', (text, rights) => expect([...(parseScope(text)?.rights ?? [])].join('')).toBe(rights));
  test.each([
    'system/Patient.sr',
    'system/Patient.',
    'system/Patient',
    'launch/patient',
    'openid',
    'system/patient.rs',
    'patient/*.read?x=y',
    'system/*.rss',
  ])('%s is none', (text) => expect(parseScope(text)).toBeUndefined());
});

describe('the file of clients', () => {
  const jwks = { keys: [{ kty: 'EC', crv: 'P-384', x: 'a', y: 'b' }] };
  test.each([
    ['no JSON', '{'],
    ['no list', '{}'],
    ['no keys', JSON.stringify([{ client_id: 'a', scopes: 'system/*.rs' }])],
    ['a private key', JSON.stringify([{ client_id: 'a', scopes: 'system/*.rs', jwks: { keys: [{ kty: 'EC', d: 'secret' }] } }])],
    ['a symmetric key', JSON.stringify([{ client_id: 'a', scopes: 'system/*.rs', jwks: { keys: [{ kty: 'oct', k: 'x' }] } }])],
    ['a scope that is none', JSON.stringify([{ client_id: 'a', scopes: 'all', jwks }])],
    ['one client twice', JSON.stringify([1, 2].map(() => ({ client_id: 'a', scopes: 'system/*.rs', jwks })))],
    ['keys inside this network', JSON.stringify([{ client_id: 'a', scopes: 'system/*.rs', jwks_uri: 'https://169.254.169.254/jwks' }])],
  ])('%s: setting-invalid', (_what, text) => {
    const result = parseClients(text);
    expect(result.ok ? [] : result.issues.map(({ id }) => id)).toEqual(['setting-invalid']);
  });
});

describe('keys are fetched from nowhere inside', () => {
  test.each([
    'http://idp.example.org/jwks',
    'file:///etc/passwd',
    'gopher://127.0.0.1/',
    'https://127.0.0.1/jwks',
    'https://[::1]/jwks',
    'https://169.254.169.254/latest',
    'https://10.0.0.8/jwks',
    'https://2130706433/jwks',
    'https://0177.0.0.1/jwks',
    'https://0x7f.1/jwks',
    'https://[::ffff:10.0.0.1]/jwks',
    'https://user:secret@idp.example.org/jwks',
    'jwks',
  ])('%s', (address) => expect(keysAddressFault(address)).toBeDefined());
  test('a name that leads inside is refused when it is connected to', async () => {
    const keys = remoteKeys('https://localhost/jwks', Date.now);
    await expect(keys({ alg: 'ES384' }, { payload: '', signature: '' })).rejects.toMatchObject({ issues: [{ id: 'keys-unavailable' }] });
    expect(['127.0.0.1', '::ffff:192.168.1.1', 'fd00::1'].every(isInside)).toBe(true);
    expect(isInside('203.0.113.9')).toBe(false);
  });
  test('a redirect is not followed', async () => {
    const server = createServer((_request, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const keys = remoteKeys(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, Date.now);
    await expect(keys({ alg: 'ES384' }, { payload: '', signature: '' })).rejects.toThrow('302');
    await new Promise((resolve) => server.close(resolve));
    expect((await generateKeyPair('ES384')).publicKey.type).toBe('public');
  });
});
