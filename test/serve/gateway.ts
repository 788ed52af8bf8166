import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import supertest from 'supertest';
import { inject } from 'vitest';
import type { Bundle, OperationOutcome } from 'fhir/r4.js';
import { compileCompartments } from '../../src/fhir/compartments.ts';
import { compileExtractor } from '../../src/fhir/index-extraction.ts';
import { type LiveDefinitions, liveDefinitions } from '../../src/fhir/live-definitions.ts';
import { type AppParts, createApp } from '../../src/serve/app.ts';
import { createHttpServer } from '../../src/serve/http-server.ts';
import { createCustomParameters, type CustomParameters } from '../../src/serve/parameters/custom-parameters.ts';
import { DEFAULT_SETTINGS, type ServeSettings } from '../../src/serve/settings.ts';
import { openMongoStore } from '../../src/store/mongo/open-mongo-store.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { compileValidator } from '../../src/validate/compile-validator.ts';
import { translateOffline } from '../../src/intake/translate-offline.ts';
import { definitions } from '../definitions.ts';
import { projectTranslator } from '../intake/harness.ts';

/** The base of the tests' links. Nothing is at this address. */
export const BASE = 'https://gw.example.org/fhir';

const validator = compileValidator(definitions);
const compartmentParameters = compileCompartments(definitions);

let databases = 0;

function freshDatabase(server: string): string {
  const url = new URL(server);
  url.pathname = `/chartbridge_serve_${process.pid}_${(databases += 1)}`;
  return url.href;
}

/** A whole FHIR API over a store of its own, and a client of it. */
export interface Gateway {
  readonly http: ReturnType<typeof supertest>;
  readonly store: Store;
  readonly live: LiveDefinitions;
  readonly parameters: CustomParameters;
  /** Those of another process over the same store. */
  readonly parametersOf: (holder: string) => CustomParameters;
  readonly port: number;
  /** Lines of the log. */
  readonly logged: string[];
  readonly clock: { now: number };
  close(): Promise<void>;
}

/** Opens it: a real store (that of MongoDB in its suite, else SQLite), a real validator, a real server. An empty baseUrl becomes the address listened on. */
export async function openGateway(
  settings: Partial<ServeSettings> = {},
  mount: AppParts['mount'] = [],
  where: 'memory' | 'file' = 'memory',
  gate?: AppParts['gate'],
): Promise<Gateway> {
  const folder = where === 'file' ? mkdtempSync(join(tmpdir(), 'chartbridge-serve-')) : undefined;
  const clock = { now: Date.UTC(2026, 0, 2, 9, 30) };
  const live = liveDefinitions(definitions);
  const extract = compileExtractor(live.indexed, { baseUrl: BASE });
  const storeSettings = { extract, now: () => clock.now, compartmentParameters };
  const server = inject('mongo');
  const store =
    server === undefined
      ? await openSqliteStore({ ...storeSettings, path: folder === undefined ? ':memory:' : join(folder, 'test.db') })
      : await openMongoStore({ ...storeSettings, url: freshDatabase(server.url) });
  const applied = { ...DEFAULT_SETTINGS, baseUrl: BASE, ...settings };
  const logged: string[] = [];
  let ids = 0;
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
  const parametersOf = (holder: string) =>
    createCustomParameters({ store, live, extract, now: () => clock.now, holder, everyMs: 1000, log });
  const parameters = parametersOf('here');
  const app = createApp({
    store,
    validator,
    definitions: live.searchable,
    customParameters: parameters,
    convert: (raw) => translateOffline(raw, projectTranslator, { validator, claims: () => [] }),
    settings: applied,
    log,
    now: () => new Date(clock.now),
    newId: () => {
      ids += 1;
      return `made-${ids}`;
    },
    mount,
    ...(gate === undefined ? {} : { gate }),
  });
  const listener = createHttpServer(app);
  const address = await listener.listen('127.0.0.1', 0);
  if (applied.baseUrl === '') applied.baseUrl = `${address}/fhir`;
  const close = async () => {
    await listener.close(0);
    await store.close();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  };
  return {
    http: supertest(address),
    store,
    live,
    parameters,
    parametersOf,
    port: Number(new URL(address).port),
    logged,
    clock,
    close,
  };
}

/** The ids of our catalogue in an OperationOutcome. */
export function issueIds(body: unknown): (string | undefined)[] {
  return (body as OperationOutcome).issue.map((one) => one.details?.coding?.[0]?.code);
}

/** The ids of the resources a bundle gives, but for outcomes. */
export function idsIn(body: unknown): string[] {
  return ((body as Bundle).entry ?? []).flatMap(({ resource }) =>
    resource === undefined || resource.resourceType === 'OperationOutcome' || resource.id === undefined ? [] : [resource.id],
  );
}

/** The address of a link, as a request to our server. */
export function linkIn(body: unknown, relation: string): string | undefined {
  return (body as Bundle).link?.find((link) => link.relation === relation)?.url.replace(BASE, '/fhir');
}
