import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Config } from '../config.ts';
import type { CompartmentParameters } from '../fhir/compartments.ts';
import type { Definitions } from '../fhir/definitions.ts';
import { issue, type Issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import type { Result } from '../issue/result.ts';
import { type Access, compileAccess, type Granted, OPEN, type ScopeReading } from '../secure/access.ts';
import { parseApiKeys } from '../secure/api-keys.ts';
import { assertionMemory } from '../secure/assertion-memory.ts';
import { createBearerCheck } from '../secure/bearer.ts';
import { certificateNames } from '../secure/peer-certificate.ts';
import { type Client, parseClients } from '../secure/clients.ts';
import { parseIssuers } from '../secure/issuers.ts';
import type { Kept } from '../secure/kept.ts';
import { parseMergeSenders } from '../secure/merge-senders.ts';
import { readSenders } from './senders.ts';
import { signingKey } from '../secure/signing-key.ts';
import { smartConfiguration } from '../secure/smart-configuration.ts';
import { rateLimit } from '../secure/token-bucket.ts';
import { createTokenEndpoint } from '../secure/token-endpoint.ts';
import type { Mounted } from '../serve/app.ts';
import type { Told } from '../serve/gate.ts';
import { tokenHandler } from '../serve/token-handler.ts';
import { parseCriteria } from '../serve/search-request/criteria.ts';
import { parseQuery } from '../serve/http/query-string.ts';
import { DEFAULT_SETTINGS } from '../serve/settings.ts';
import { readSettingFile } from './setting-file.ts';
import type { Store } from '../store/store.ts';

/** Who comes in, as main asks it. */
export interface Login {
  /** Whether anybody has to log in to the FHIR API, and to all else that shows records. */
  readonly isNeeded: boolean;
  /** Fails: throws IssueError login-needed, too-many-requests */
  readonly authenticate: (request: IncomingMessage) => Promise<Access>;
  /** What a token allows that was shown earlier; undefined where nobody logs in. */
  readonly restore: ((granted: Granted) => Access) | undefined;
  /**
   * The handler, for operators alone. `before` is told who comes, or undefined for who was refused, and is waited for.
   *
   * Fails: login-needed, forbidden, too-many-requests, and what `before` fails with
   */
  operatorsOnly(handle: Mounted['handle'], before?: Told): Mounted['handle'];
  /** The handler, for senders with a key or a certificate, or clients that may create anything. Fails: login-needed, forbidden, too-many-requests */
  sendersOnly(handle: Mounted['handle'], refused?: (request: IncomingMessage) => Promise<void>): Mounted['handle'];
  /** Why whoever asks may not send as a sender; undefined where everybody may send as any. */
  readonly refuses: ((request: IncomingMessage) => (sender: string) => Issue | undefined) | undefined;
  /** The token endpoint and what says where it is. */
  readonly mount: readonly Mounted[];
}

/** What a login is made of. */
export interface LoginParts {
  readonly config: Config;
  readonly store: Store;
  readonly definitions: Definitions;
  readonly compartmentParameters: CompartmentParameters;
  /** The FHIR base, known when the server listens. */
  readonly base: () => string;
  readonly now: () => number;
  /** Told of every answer of the token endpoint. */
  readonly onToken: (client: string | undefined, status: number, peer: string) => Promise<void>;
}

/** The settings that say who may come in, read. Fails: throws IssueError setting-invalid */
export interface LoginSettings {
  readonly clients: ReadonlyMap<string, Client>;
  readonly issuers: ReturnType<typeof parseIssuers> extends Result<infer T> ? T : never;
  readonly refuses: ReturnType<typeof readSenders> extends Result<infer T> ? T : never;
  readonly mayMerge: ReturnType<typeof parseMergeSenders> extends Result<infer T> ? T : never;
  readonly keys: ReturnType<typeof parseApiKeys> extends Result<infer T> ? T : never;
}

/** Reads them, and the file of clients. Fails: throws IssueError setting-invalid */
export function readLoginSettings(config: Config): LoginSettings {
  return {
    clients:
      config.CLIENTS_FILE === ''
        ? new Map()
        : required(parseClients(readSettingFile('CLIENTS_FILE', config.CLIENTS_FILE).toString('utf8'))),
    issuers: required(parseIssuers(config.ISSUERS)),
    refuses: required(readSenders(config)),
    mayMerge: required(parseMergeSenders('MERGE_SENDERS', config.MERGE_SENDERS)),
    keys: required(parseApiKeys('HL7_API_KEYS', config.HL7_API_KEYS)),
  };
}

/** Whether these settings make anybody log in to the FHIR API. */
export function isLoginNeeded({ clients, issuers }: LoginSettings): boolean {
  return clients.size > 0 || issuers.length > 0;
}

/** Makes the login. Without clients and issuers everybody is let in and may do everything. */
export async function createLogin(settings: LoginSettings, parts: LoginParts): Promise<Login> {
  const { config, now } = parts;
  const { keys, refuses } = settings;
  const isNeeded = isLoginNeeded(settings);
  const perSecond = config.RATE_LIMIT;
  const limit = perSecond === 0 ? undefined : rateLimit({ perSecond, burst: perSecond * 2, now });
  const count = (key: string) => {
    const seconds = limit?.take(key) ?? 0;
    if (seconds > 0) throw new IssueError(issue('too-many-requests', { seconds }));
  };
  const peerOf = (request: IncomingMessage) => `address ${request.socket.remoteAddress ?? ''}`;
  /** What whoever asks goes by: the name of its key, then those in its certificate. */
  const shownNames = ({ headers: { 'x-api-key': key }, socket }: IncomingMessage) => [
    ...[keys?.nameOf(typeof key === 'string' ? key : undefined) ?? []].flat(),
    ...certificateNames(socket),
  ];
  const kept = keptIn(parts.store);
  const token = isNeeded ? await tokens(settings, kept, parts) : undefined;

  async function authenticate(request: IncomingMessage): Promise<Access> {
    if (token === undefined) {
      count(peerOf(request));
      return OPEN;
    }
    try {
      const access = await token.bearer(request.headers.authorization);
      count(`client ${access.client}`);
      return access;
    } catch (error) {
      // who is refused is counted too, by address: tokens cannot be tried out at will
      if (error instanceof IssueError && error.issues[0]?.id === 'login-needed') count(peerOf(request));
      throw error;
    }
  }

  /** Runs a check; what a login lacks is said in a header too. */
  const checked = async (response: ServerResponse, check: () => Promise<void> | void): Promise<void> => {
    try {
      await check();
    } catch (error) {
      if (error instanceof IssueError) refusalHeaders(error, response);
      throw error;
    }
  };

  return {
    isNeeded,
    authenticate,
    restore: token?.restore,
    operatorsOnly: (handle, before) => async (request, response) => {
      let access: Access | undefined;
      try {
        await checked(response, async () => {
          access = await authenticate(request);
          if (!access.isOperator) throw forbidden('only an operator, with the scope system/*.cruds, sees this');
        });
      } catch (error) {
        await before?.(request, access, false);
        throw error;
      }
      await before?.(request, access, true);
      await handle(request, response);
    },
    sendersOnly: (handle, refused) => async (request, response) => {
      const isLetIn = checked(response, async () => {
        const [name] = shownNames(request);
        if (name !== undefined) return count(`sender ${name}`);
        if (!isNeeded) count(peerOf(request));
        if (!isNeeded && (keys !== undefined || config.TLS_CA !== '')) throw new IssueError(issue('login-needed'));
        if (isNeeded && !(await authenticate(request)).isUnrestricted('c'))
          throw forbidden('messages are sent with the scope system/*.c, or with a key');
      });
      await isLetIn.catch(async (error: unknown) => {
        await refused?.(request);
        throw error;
      });
      await handle(request, response);
    },
    refuses:
      refuses &&
      ((request) => {
        const names = shownNames(request);
        return (sender) => refuses(sender, names);
      }),
    mount: token === undefined ? [] : token.mount,
  };
}

async function tokens(settings: LoginSettings, kept: Kept, parts: LoginParts) {
  const { definitions, compartmentParameters, base, now } = parts;
  const key = await signingKey(kept);
  const memory = assertionMemory(kept);
  const address = () => `${base().replace(/\/fhir$/, '')}/auth/token`;
  const reading: ScopeReading = {
    resourceTypes: definitions.resourceTypes,
    compartmentParameters,
    compile: (type, query) => {
      const scope = { definitions, settings: { ...DEFAULT_SETTINGS, baseUrl: base() }, now: new Date(now()) };
      return parseCriteria(type, parseQuery(query), scope).filter;
    },
  };
  const bearer = createBearerCheck({ key, issuers: settings.issuers, audience: base, now, reading });
  const lifetime = parts.config.TOKEN_LIFETIME_S;
  const endpoint = createTokenEndpoint({ clients: settings.clients, key, memory, audience: base, address, now, lifetime });
  const configuration: Mounted['handle'] = (_request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    response.json(
      smartConfiguration(
        settings.clients.size === 0 ? undefined : address(),
        settings.issuers.map(({ issuer }) => issuer),
      ),
    );
  };
  const mount: Mounted[] = [
    { method: 'get', path: '/.well-known/smart-configuration', handle: configuration },
    { method: 'get', path: '/fhir/.well-known/smart-configuration', handle: configuration },
    ...(settings.clients.size === 0
      ? []
      : [
          {
            method: 'post',
            path: '/auth/token',
            handle: tokenHandler(endpoint, parts.onToken, rateLimit({ perSecond: 5, burst: 50, now })),
          } as const,
        ]),
  ];
  let tidied = now();
  return {
    mount,
    restore: (granted: Granted) => compileAccess(granted, reading),
    async bearer(authorization: string | undefined) {
      if (now() - tidied > TIDY_MS) {
        tidied = now();
        await memory.tidy(now() / 1000);
      }
      return bearer(authorization);
    },
  };
}

const TIDY_MS = 600_000;
const KIND = 'login';

function keptIn(store: Store): Kept {
  return {
    get: async (key) => (await store.documents([{ kind: KIND, key }]))[0],
    add: async (key, json) => (await store.commit({ documents: [{ kind: KIND, key, json, expected: null }] })).ok,
    list: (after, count) => store.listDocuments(KIND, after, count),
    remove: async (all) => void (await store.commit({ documents: all.map((key) => ({ kind: KIND, key })) })),
  };
}

function refusalHeaders(error: IssueError, response: ServerResponse): void {
  const [first] = error.issues;
  if (first?.id === 'login-needed') response.setHeader('www-authenticate', 'Bearer realm="fhir"');
}

function required<T>(result: Result<T>): T {
  if (!result.ok) throw new IssueError(...result.issues);
  return result.value;
}

function forbidden(reason: string): IssueError {
  return new IssueError(issue('forbidden', { reason }));
}
