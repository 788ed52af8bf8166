import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { readConfig } from '../../src/config.ts';
import { type Gateway, startGateway } from '../../src/main.ts';

/** Somebody's key pair and how it signs. */
export interface Signer {
  readonly kid: string;
  sign(claims: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  readonly jwk: Record<string, unknown>;
}

/** A whole gateway where everybody logs in, an issuer of tokens beside it, and clients of its own token endpoint. */
export interface Guarded {
  readonly gateway: Gateway;
  readonly base: string;
  readonly folder: string;
  readonly issuer: Signer;
  readonly client: Signer;
  /** A token of the issuer beside it: scope, and whatever else it is to claim. */
  token(scope: string, claims?: Record<string, unknown>): Promise<string>;
  /** An assertion of the client `registrar`, fresh, but for what is said otherwise. */
  assertion(claims?: Record<string, unknown>, header?: Record<string, unknown>, signer?: Signer): Promise<string>;
  askToken(form: Record<string, string>): Promise<Response>;
  call(method: string, path: string, token?: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
}

export const ISSUER = 'https://idp.example.org';

export async function signer(kid: string, alg: 'ES384' | 'RS384' = 'ES384'): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return {
    kid,
    jwk: { ...(await exportJWK(publicKey)), kid, alg },
    sign: (claims, header = {}) => new SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(privateKey),
  };
}

const now = () => Math.floor(Date.now() / 1000);

export async function openGuarded(settings: Record<string, string> = {}, database = 'sqlite::memory:'): Promise<Guarded> {
  const folder = mkdtempSync(join(tmpdir(), 'chartbridge-secure-'));
  const issuer = await signer('idp-1');
  const client = await signer('registrar-1');
  const old = await signer('lab-1', 'RS384');
  const jwks = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: [issuer.jwk] }));
  });
  await new Promise<void>((resolve) => jwks.listen(0, '127.0.0.1', resolve));
  const clients = [
    { client_id: 'registrar', jwks: { keys: [client.jwk] }, scopes: 'system/*.cruds' },
    { client_id: 'lab', jwks: { keys: [old.jwk] }, scopes: 'system/Observation.rs?category=laboratory' },
    { client_id: 'app', jwks: { keys: [client.jwk] }, scopes: 'patient/*.rs', patient: 'p1' },
  ];
  writeFileSync(join(folder, 'clients.json'), JSON.stringify(clients));
  const config = readConfig({
    PORT: '0',
    MLLP_PORT: 'off',
    DATABASE_URL: database,
    LOG_LEVEL: 'silent',
    EXPORT_DIR: join(folder, 'exports'),
    CLIENTS_FILE: join(folder, 'clients.json'),
    ISSUERS: `${ISSUER}|http://127.0.0.1:${(jwks.address() as AddressInfo).port}/jwks`,
    ...settings,
  });
  if (!config.ok) throw new Error(JSON.stringify(config.issues));
  const gateway = await startGateway(config.value);
  const base = gateway.fhirBase;
  return {
    gateway,
    base,
    folder,
    issuer,
    client,
    token: (scope, claims = {}) =>
      issuer.sign({
        iss: ISSUER,
        aud: base,
        sub: 'somebody',
        client_id: 'app',
        exp: now() + 300,
        jti: crypto.randomUUID(),
        scope,
        ...claims,
      }),
    assertion: (claims = {}, header = {}, by = client) =>
      by.sign(
        {
          iss: 'registrar',
          sub: 'registrar',
          aud: `${gateway.http}/auth/token`,
          exp: now() + 240,
          jti: crypto.randomUUID(),
          ...claims,
        },
        header,
      ),
    askToken: (form) =>
      fetch(`${gateway.http}/auth/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form),
      }),
    call: (method, path, token, body, headers = {}) =>
      fetch(path.startsWith('/') ? `${gateway.http}${path}` : `${base}${path === '' || path.startsWith('?') ? '' : '/'}${path}`, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/fhir+json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    async close() {
      await gateway.close();
      await new Promise((resolve) => jwks.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A form that asks for a token with an assertion. */
export const asking = (assertion: string, scope = 'system/*.rs') => ({
  grant_type: 'client_credentials',
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: assertion,
  scope,
});
