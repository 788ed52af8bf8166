import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { Perform } from '../../src/jobs/kept-request.ts';
import { createJobs, type Jobs, type JobsParts } from '../../src/jobs/jobs.ts';
import { compileCompartmentOwners } from '../../src/fhir/compartment-owners.ts';
import { compileCompartments } from '../../src/fhir/compartments.ts';
import { compileExtractor } from '../../src/fhir/index-extraction.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import type { Issue } from '../../src/issue/issue.ts';
import { createApp } from '../../src/serve/app.ts';
import { createHttpServer } from '../../src/serve/http-server.ts';
import { narrowJson } from '../../src/serve/narrowing.ts';
import { DEFAULT_SETTINGS } from '../../src/serve/settings.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { compileValidator } from '../../src/validate/compile-validator.ts';
import { definitions } from '../definitions.ts';

const validator = compileValidator(definitions);
const extract = compileExtractor(definitions);
const compartmentParameters = compileCompartments(definitions);
const patientsOf = compileCompartmentOwners('Patient', definitions);

/** A manifest as a client reads it. */
export interface Manifest {
  readonly transactionTime: string;
  readonly request: string;
  readonly requiresAccessToken: boolean;
  readonly output: readonly { readonly type: string; readonly url: string; readonly count: number }[];
  readonly deleted: Manifest['output'];
  readonly error: Manifest['output'];
}

/** A FHIR API that exports, over a store and a folder of its own. */
export interface ExportGateway {
  readonly base: string;
  readonly store: Store;
  readonly folder: string;
  readonly clock: { now: number };
  readonly reported: Issue[];
  jobs: Jobs;
  /** Other jobs over the same store and folder, as after a restart; not started. */
  another(more?: Partial<JobsParts>): Jobs;
  put(...resources: Resource[]): Promise<void>;
  remove(type: string, id: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens it, in memory or on disk; the jobs are not started, so that nothing but the tests moves the clock. */
export async function openExportGateway(parts: Partial<JobsParts> = {}, where: 'memory' | 'disk' = 'memory'): Promise<ExportGateway> {
  const scratch = mkdtempSync(join(tmpdir(), 'chartbridge-export-'));
  const folder = parts.folder ?? join(scratch, 'exports');
  const clock = { now: Date.UTC(2026, 0, 2, 9, 30) };
  const path = where === 'disk' ? join(scratch, 'test.db') : ':memory:';
  const store = await openSqliteStore({ path, extract, now: () => clock.now, compartmentParameters });
  const reported: Issue[] = [];
  let ids = 0;
  let perform: Perform | undefined;
  const another = (more: Partial<JobsParts> = {}): Jobs => {
    const jobs = createJobs({
      store,
      folder,
      reading: { patientsOf, extract, compartmentParameters },
      narrow: (version, elements) => narrowJson(version, { summary: 'false', elements }, definitions),
      newId: () => `id-${(ids += 1)}`,
      now: () => clock.now,
      keepMs: 3_600_000,
      report: (_job, issues) => reported.push(...issues),
      ...parts,
      ...more,
    });
    if (perform !== undefined) jobs.performBy(perform);
    return jobs;
  };
  const settings = { ...DEFAULT_SETTINGS, baseUrl: '' };
  const gateway: ExportGateway = {
    get base() {
      return settings.baseUrl;
    },
    store,
    folder,
    clock,
    reported,
    jobs: another(),
    another,
    async put(...resources) {
      await store.commit({ writes: resources.map((resource) => ({ type: resource.resourceType, id: resource.id ?? '', resource })) });
      clock.now += 1_000;
    },
    async remove(type, id) {
      await store.commit({ writes: [{ type, id }] });
      clock.now += 1_000;
    },
    async close() {
      await server.close(0);
      await gateway.jobs.close();
      await store.close();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
  const app = createApp({
    store,
    validator,
    definitions,
    settings,
    // the one of the moment: tests put another in its place
    jobs: {
      kickOff: (request, owner) => gateway.jobs.kickOff(request, owner),
      status: (id, owner) => gateway.jobs.status(id, owner),
      cancel: (id, owner) => gateway.jobs.cancel(id, owner),
      file: (id, name, owner) => gateway.jobs.file(id, name, owner),
      answerLater: (url, asked, owner) => gateway.jobs.answerLater(url, asked, owner),
      performBy: (by) => {
        perform = by;
        gateway.jobs.performBy(by);
      },
      start: () => gateway.jobs.start(),
      close: () => gateway.jobs.close(),
    },
    log: pino({ level: 'silent' }),
    now: () => new Date(clock.now),
    newId: () => `id-${(ids += 1)}`,
  });
  const server = createHttpServer(app);
  settings.baseUrl = `${await server.listen('127.0.0.1', 0)}/fhir`;
  return gateway;
}

/** Starts an export as bulk-data-client does; the answer. */
export function kickOff(gateway: ExportGateway, path: string, more: { lenient?: boolean; body?: unknown } = {}): Promise<Response> {
  const prefer = `respond-async${more.lenient === true ? ', handling=lenient' : ''}`;
  return fetch(`${gateway.base}/${path}`, {
    headers: { accept: 'application/fhir+json', prefer, ...(more.body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(more.body === undefined ? {} : { method: 'POST', body: JSON.stringify(more.body) }),
  });
}

/** Asks until the job has an end; that answer. */
export async function ended(location: string): Promise<Response> {
  for (;;) {
    const response = await fetch(location, { headers: { accept: 'application/json' } });
    // the clock of the tests stands, so on a busy machine many questions fall into one moment
    if (response.status !== 202 && response.status !== 429) return response;
    await response.arrayBuffer();
    await new Promise((done) => setTimeout(done, 40));
  }
}

/** A whole export: its manifest. */
export async function exported(gateway: ExportGateway, path: string, more: Parameters<typeof kickOff>[2] = {}): Promise<Manifest> {
  const begun = await kickOff(gateway, path, more);
  if (begun.status !== 202) throw new Error(`kick-off answered ${begun.status}: ${await begun.text()}`);
  return (await (await ended(begun.headers.get('content-location') ?? '')).json()) as Manifest;
}

/** The lines of all files of a list. */
export async function linesOf(files: Manifest['output']): Promise<string[]> {
  const lines: string[] = [];
  for (const { url } of files) {
    const text = await (await fetch(url, { headers: { accept: 'application/fhir+ndjson' } })).text();
    lines.push(...text.split('\n').slice(0, -1));
  }
  return lines;
}

/** The resources of a manifest. Shape: ['Patient/a', 'Observation/o'] */
export async function namesOf(manifest: Manifest): Promise<string[]> {
  const resources = (await linesOf(manifest.output)).map((line) => JSON.parse(line) as Resource);
  return resources.map(({ resourceType, id }) => `${resourceType}/${id}`).sort();
}
