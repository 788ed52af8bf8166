import { createHash } from 'node:crypto';
import { decodeJwt, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { type Access, compileAccess, type ScopeReading } from './access.ts';
import { remoteKeys } from './key-address.ts';
import { parseScopes } from './scope.ts';
import { SIGNED_BY, type SigningKey } from './signing-key.ts';

/** An issuer of tokens that are believed, and where its keys are. */
export interface Issuer {
  readonly issuer: string;
  readonly jwksUri: string;
}

/** What tokens are checked with. */
export interface BearerParts {
  readonly key: SigningKey;
  readonly issuers: readonly Issuer[];
  /** The FHIR base: what a token must be made for. */
  readonly audience: () => string;
  readonly now: () => number;
  readonly reading: ScopeReading;
}

const EXTERNAL = ['RS256', 'RS384', 'ES256', 'ES384'];
const LEEWAY_S = 60;
const MOST_KNOWN = 1_000;

/**
 * Reads the Authorization header of a request.
 *
 * Fails: throws IssueError login-needed: no token, or one that is expired, of another issuer, for another audience, or not signed as it must be
 */
export function createBearerCheck(parts: BearerParts): (authorization: string | undefined) => Promise<Access> {
  const external = new Map(parts.issuers.map(({ issuer, jwksUri }) => [issuer, remoteKeys(jwksUri, parts.now)]));
  // a signature is checked once; what is known ends with the token
  const known = new Map<string, { access: Access; until: number }>();

  async function verified(token: string): Promise<JWTPayload> {
    const { iss = '' } = decodeJwt(token);
    const isOurs = iss === parts.audience();
    const keys: JWTVerifyGetKey | undefined = isOurs ? ownKey(parts.key) : external.get(iss);
    if (keys === undefined) throw needed();
    const { payload } = await jwtVerify(token, keys, {
      algorithms: isOurs ? [SIGNED_BY] : EXTERNAL,
      issuer: iss,
      audience: parts.audience(),
      requiredClaims: ['exp'],
      currentDate: new Date(parts.now()),
      clockTolerance: isOurs ? 0 : LEEWAY_S,
    });
    return payload;
  }

  return async (authorization) => {
    const token = /^Bearer ([A-Za-z0-9._~+/-]{20,8192}=*)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw needed();
    const name = createHash('sha256').update(token).digest('base64');
    const found = known.get(name);
    if (found !== undefined && parts.now() < found.until) return found.access;
    known.delete(name);
    let payload: JWTPayload;
    try {
      payload = await verified(token);
    } catch {
      throw needed();
    }
    const access = accessOf(payload, token, parts.reading);
    if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value as string);
    known.set(name, { access, until: (payload.exp ?? 0) * 1000 });
    return access;
  };
}

function ownKey(key: SigningKey): JWTVerifyGetKey {
  return ({ kid }) => {
    if (kid !== key.id) throw needed();
    return key.publicKey;
  };
}

function accessOf(payload: JWTPayload, token: string, reading: ScopeReading): Access {
  const text = (name: string) => (typeof payload[name] === 'string' && payload[name] !== '' ? payload[name] : undefined);
  const list = (value: unknown) => (Array.isArray(value) ? value.filter((one) => typeof one === 'string').join(' ') : undefined);
  const client = text('client_id') ?? text('azp') ?? payload.sub;
  if (client === undefined) throw needed();
  const patient = text('patient');
  return compileAccess(
    {
      client,
      // an opaque end of it is all that a trail may hold
      token: text('jti') ?? token.slice(-32),
      scopes: parseScopes(text('scope') ?? list(payload['scope']) ?? text('scp') ?? list(payload['scp']) ?? ''),
      ...(patient === undefined ? {} : { patient }),
      ...(payload.sub === undefined || payload.sub === client ? {} : { user: payload.sub }),
      hasUser: text('fhirUser') !== undefined,
    },
    reading,
  );
}

function needed(): IssueError {
  return new IssueError(issue('login-needed'));
}
