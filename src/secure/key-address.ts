import { lookup } from 'node:dns';
import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { isLoopback } from './open-network.ts';
import { isInside } from './own-network.ts';

/**
 * Why keys are not fetched from an address, judged by the address alone; undefined when they may be.
 * Only https, to a name or a public address; http to this machine itself, for trials.
 */
export function keysAddressFault(address: string): string | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined) return 'the address of its keys is no URL';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.username !== '' || url.password !== '') return 'the address of its keys holds a password';
  if (url.protocol === 'http:') return isLoopback(host) ? undefined : 'keys are fetched by https alone';
  if (url.protocol !== 'https:') return 'keys are fetched by https alone';
  return isIP(host) > 0 && isInside(host) ? 'the address of its keys is inside this network' : undefined;
}

const FETCH_MS = 5_000;
const MOST_BYTES = 256 * 1024;
/** At the longest; a shorter max-age of the answer counts. Units: ms */
const KEPT_MS = 300_000;
/** A key that is not known makes us look again, but no more often than this. Units: ms */
const AGAIN_MS = 10_000;

/**
 * Keys at an address, fetched when first needed and again when a key is unknown. A redirect is not followed, and the name must not lead inside.
 *
 * Fails: throws IssueError keys-unavailable; nobody is logged in then
 */
export function remoteKeys(address: string, now: () => number): JWTVerifyGetKey {
  let kept: { keys: JWTVerifyGetKey; ids: ReadonlySet<string>; at: number; until: number } | undefined;
  let fetching: Promise<void> | undefined;
  const refresh = async () => {
    const { set, maxAgeMs } = await fetchKeys(address);
    const at = now();
    const ids = new Set(set.keys.map(({ kid }) => kid ?? ''));
    kept = { keys: createLocalJWKSet(set), ids, at, until: at + Math.min(maxAgeMs, KEPT_MS) };
  };
  return async (header, token) => {
    const isOld = kept === undefined || now() >= kept.until;
    const isUnknown = kept !== undefined && !kept.ids.has(header.kid ?? '') && now() - kept.at > AGAIN_MS;
    if (isOld || isUnknown) {
      fetching ??= refresh().finally(() => (fetching = undefined));
      await fetching;
    }
    return (kept as NonNullable<typeof kept>).keys(header, token);
  };
}

/** The name is looked up by the connection itself, so that what is checked is what is connected to. */
const outside: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    const [first] = found ?? [];
    if (error !== null || first === undefined) return callback(error ?? unavailable('no address'), '', 4);
    if (found.some((one) => isInside(one.address))) return callback(unavailable('the name leads inside this network'), '', 4);
    return options.all === true ? callback(null, found) : callback(null, first.address, first.family);
  });
};

async function fetchKeys(address: string): Promise<{ set: JSONWebKeySet; maxAgeMs: number }> {
  const { text, cacheControl } = await new Promise<{ text: string; cacheControl: string }>((resolve, reject) => {
    const isPublic = address.startsWith('https:');
    const options = {
      signal: AbortSignal.timeout(FETCH_MS),
      headers: { accept: 'application/json' },
      ...(isPublic ? { lookup: outside } : {}),
    };
    const request = (isPublic ? httpsGet : httpGet)(address, options, (response) => {
      const parts: Buffer[] = [];
      let length = 0;
      const refuse = (reason: string) => void request.destroy(unavailable(reason));
      // a redirect is no 200 either
      if (response.statusCode !== 200) return refuse(`status ${response.statusCode}`);
      response.on('data', (part: Buffer) => {
        length += part.length;
        if (length > MOST_BYTES) refuse('too long');
        else parts.push(part);
      });
      response.on('end', () =>
        resolve({ text: Buffer.concat(parts).toString('utf8'), cacheControl: response.headers['cache-control'] ?? '' }),
      );
      return undefined;
    });
    request.on('error', (error) =>
      reject(error instanceof IssueError ? error : unavailable((error as NodeJS.ErrnoException).code ?? error.name)),
    );
  });
  const maxAge = /max-age=(\d{1,9})/.exec(cacheControl)?.[1];
  return { set: JSON.parse(text) as JSONWebKeySet, maxAgeMs: maxAge === undefined ? KEPT_MS : Number(maxAge) * 1000 };
}

function unavailable(reason: string): IssueError {
  return new IssueError(issue('keys-unavailable', { reason }));
}
