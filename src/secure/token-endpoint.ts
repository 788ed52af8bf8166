import { randomUUID } from 'node:crypto';
import { createLocalJWKSet, decodeJwt, type JWTVerifyGetKey, jwtVerify, SignJWT } from 'jose';
import { IssueError } from '../issue/issue-error.ts';
import type { AssertionMemory } from './assertion-memory.ts';
import type { Client } from './clients.ts';
import { remoteKeys } from './key-address.ts';
import { isWithin, parseScope, parseScopes } from './scope.ts';
import { SIGNED_BY, type SigningKey } from './signing-key.ts';

/** What the token endpoint is made of. */
export interface TokenEndpointParts {
  readonly clients: ReadonlyMap<string, Client>;
  readonly key: SigningKey;
  readonly memory: AssertionMemory;
  /** The FHIR base: whose tokens these are and for what. */
  readonly audience: () => string;
  /** The endpoint's own address, which assertions must be made for. */
  readonly address: () => string;
  /** UTC ms. */
  readonly now: () => number;
  /** Units: s */
  readonly lifetime: number;
}

/** An answer of the endpoint. Shape: status 400, body { error: 'invalid_scope' } */
export interface TokenAnswer {
  readonly status: 200 | 400 | 401;
  readonly body: Readonly<Record<string, string | number>>;
  /** Who asked, once that is proved. */
  readonly client?: string;
}

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const ALGORITHMS = ['RS384', 'ES384'];
/** An assertion is refused when it is valid for longer. Units: s */
const LONGEST_S = 300;
/** How far clocks may differ. Units: s */
const LEEWAY_S = 60;

/**
 * The token endpoint for systems: `client_credentials`, the client proved by a signed assertion that is used once.
 *
 * Source: SMART App Launch 2.2, Backend Services, and Client Authentication: Asymmetric; RFC 6749 5.2, RFC 7523
 */
export function createTokenEndpoint(parts: TokenEndpointParts): (form: ReadonlyMap<string, string>) => Promise<TokenAnswer> {
  const keys = new Map<string, JWTVerifyGetKey>();
  const keysOf = (client: Client): JWTVerifyGetKey => {
    let found = keys.get(client.client_id);
    if (found === undefined) {
      found = client.jwks === undefined ? remoteKeys(client.jwks_uri ?? '', parts.now) : createLocalJWKSet(client.jwks);
      keys.set(client.client_id, found);
    }
    return found;
  };

  async function prove(assertion: string): Promise<Client | undefined> {
    try {
      const client = parts.clients.get(decodeJwt(assertion).iss ?? '');
      if (client === undefined) return undefined;
      const now = parts.now();
      const { payload } = await jwtVerify(assertion, keysOf(client), {
        algorithms: ALGORITHMS,
        audience: parts.address(),
        issuer: client.client_id,
        subject: client.client_id,
        requiredClaims: ['exp', 'jti'],
        currentDate: new Date(now),
        clockTolerance: LEEWAY_S,
      });
      const { exp = 0, jti } = payload;
      if (typeof jti !== 'string' || jti === '' || exp > now / 1000 + LONGEST_S + LEEWAY_S) return undefined;
      return (await parts.memory.use(client.client_id, jti, exp)) ? client : undefined;
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  }

  return async (form) => {
    if (form.get('grant_type') !== 'client_credentials') return refused(400, 'unsupported_grant_type');
    if (form.get('client_assertion_type') !== JWT_BEARER) return refused(400, 'invalid_request');
    const client = await prove(form.get('client_assertion') ?? '');
    if (client === undefined) return refused(401, 'invalid_client');
    const asked = [...new Set((form.get('scope') ?? '').split(' ').filter((word) => word !== ''))];
    const allowed = parseScopes(client.scopes);
    const isAllowed = asked.every((word) => {
      const scope = parseScope(word);
      return scope !== undefined && isWithin(scope, allowed);
    });
    if (asked.length === 0 || !isAllowed) return { ...refused(400, 'invalid_scope'), client: client.client_id };
    const now = Math.floor(parts.now() / 1000);
    const scope = asked.join(' ');
    const token = await new SignJWT({
      scope,
      client_id: client.client_id,
      ...(client.patient === undefined ? {} : { patient: client.patient }),
    })
      .setProtectedHeader({ alg: SIGNED_BY, kid: parts.key.id, typ: 'at+jwt' })
      .setIssuer(parts.audience())
      .setAudience(parts.audience())
      .setSubject(client.client_id)
      .setIssuedAt(now)
      .setExpirationTime(now + parts.lifetime)
      .setJti(randomUUID())
      .sign(parts.key.privateKey);
    const body = { access_token: token, token_type: 'bearer', expires_in: parts.lifetime, scope };
    return { status: 200, client: client.client_id, body: client.patient === undefined ? body : { ...body, patient: client.patient } };
  };
}

/** What a JWT, its keys or their address have wrong is the client's matter; a store that cannot be written is not. */
function isRefusal(error: unknown): boolean {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return (
    (typeof code === 'string' && code.startsWith('ERR_J')) ||
    (error instanceof IssueError && error.issues[0]?.id === 'keys-unavailable') ||
    ['TypeError', 'SyntaxError', 'TimeoutError'].includes(String(name))
  );
}

function refused(status: 400 | 401, error: string): TokenAnswer {
  return { status, body: { error } };
}
