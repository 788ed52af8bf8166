import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import autocannon from 'autocannon';
import type { Bundle } from 'fhir/r4.js';
import { readDefinitions } from '../src/start/definitions-file.ts';
import { compileCompartments } from '../src/fhir/compartments.ts';
import { compileExtractor } from '../src/fhir/index-extraction.ts';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import { scratchFolder, startGatewayProcess } from '../test/end-to-end/gateway.ts';
import type { Figure } from './measure.ts';
import { changesOf, runChanges } from './store.ts';

const SYNTHEA = resolve(import.meta.dirname, '../../shared/fhir/synthea');
const RESOURCES = 200_000;
const LARGE = 2_000_000;
/** Changes of this many resources, as a bulk load makes them. */
const EACH = 250;
const CONNECTIONS = 16;
const SECONDS = 4;
const LANES = 4;

/** The FHIR API over a store of so many resources: reads, searches, transactions; beside node:http with the same bytes. */
export async function fhirFigures(large = process.argv.includes('--large'), resources = RESOURCES): Promise<Figure[]> {
  const figures = await measure(resources, true);
  return large ? [...figures, ...(await measure(LARGE, false))] : figures;
}

async function measure(resources: number, transactions: boolean): Promise<Figure[]> {
  const over = `over ${resources.toLocaleString('en')}`;
  const folder = scratchFolder();
  const file = join(folder.path, 'bench.db');
  try {
    const definitions = readDefinitions();
    const store = await openSqliteStore({
      path: file,
      extract: compileExtractor(definitions),
      now: Date.now,
      compartmentParameters: compileCompartments(definitions),
    });
    const seconds = await runChanges(store, changesOf(0, resources, EACH), LANES);
    await store.close();
    const figures: Figure[] = [{ name: `load in changes of ${EACH}, ${over}`, value: resources / seconds, unit: 'resources/s' }];
    const gateway = await startGatewayProcess({ DATABASE_URL: `sqlite:${file}`, LOG_LEVEL: 'warn', MLLP_PORT: 'off', AUDIT: 'off' });
    try {
      const observation = (index: number) => `${gateway.fhir}/Observation/obs-${index.toString(36).padStart(12, '0')}-0a1b2c3d4e5f`;
      const many = (path: (index: number) => string) => Array.from({ length: 500 }, (_, index) => path((index * 7919) % resources));
      const code = (index: number) => `${1000 + ((index * 7919) % 200)}-${index % 10}`;
      const text = await (await fetch(observation(1))).text();
      figures.push({
        name: `disk for each KB of resource, with all indexes, ${over}`,
        value: bytesOf(file) / resources / text.length,
        unit: 'KB',
        target: 2,
      });
      const raw = await rawHttp(text);
      figures.push({ name: 'node:http, the bytes of a resource', value: raw.perSecond, unit: 'req/s' });
      const reads = await load(many(observation));
      figures.push(figureOf(`read by id, ${over}`, reads, 3000, raw.perSecond));
      const searches: readonly (readonly [string, number | undefined, (index: number) => string])[] = [
        ['patient and code', 1000, (index) => `patient=pat-${Math.floor(index / 40)}&code=http://loinc.org|${code(index)}`],
        ['patient, newest first', undefined, (index) => `patient=pat-${Math.floor(index / 40)}&_sort=-date&_count=10`],
        ['code and value', undefined, (index) => `code-value-quantity=http://loinc.org|${code(index)}$gt99&_count=10`],
        ['identifier', undefined, (index) => `identifier=urn:oid:2.16.840.1.113883.19.4|ORD${index}`],
      ];
      for (const [name, target, query] of searches) {
        const found = await load(many((index) => `${gateway.fhir}/Observation?${query(index)}`));
        figures.push(figureOf(`search by ${name}, ${over}`, found, target, raw.perSecond));
      }
      if (transactions) figures.push(...(await synthea(gateway.fhir)));
    } finally {
      await gateway.kill();
    }
    return figures;
  } finally {
    rmSync(folder.path, { recursive: true, force: true });
  }
}

/** Invented lives as transactions, some at a time. */
async function synthea(fhir: string): Promise<Figure[]> {
  const name = `Synthea transactions, ${LANES} at a time`;
  if (!existsSync(SYNTHEA)) return [{ name: `${name}: left out (needs ../shared)`, value: 0, unit: 'resources/s' }];
  const bundles = readdirSync(SYNTHEA)
    .filter((file) => file.endsWith('.json.gz'))
    .map((file) => gunzipSync(readFileSync(join(SYNTHEA, file))));
  const sized = bundles
    .map((body) => ({ body, entries: (JSON.parse(body.toString()) as Bundle).entry?.length ?? 0 }))
    .filter(({ entries }) => entries > 0 && entries <= 1000);
  let next = 0;
  let resources = 0;
  let refused = 0;
  const start = performance.now();
  const lane = async (): Promise<void> => {
    for (let one = sized[next++]; one !== undefined; one = sized[next++]) {
      const reply = await fetch(fhir, {
        method: 'POST',
        headers: { 'content-type': 'application/fhir+json' },
        body: new Uint8Array(one.body),
      });
      await reply.arrayBuffer();
      if (reply.ok) resources += one.entries;
      else refused += 1;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const perSecond = (resources * 1000) / (performance.now() - start);
  const left = bundles.length - sized.length;
  const note = [`${sized.length} bundles`, left > 0 ? `${left} over 1,000 entries left out` : '', refused > 0 ? `${refused} refused` : ''];
  return [{ name, value: perSecond, unit: 'resources/s', target: 2500, note: note.filter((part) => part !== '').join(', ') }];
}

/** What the database takes, what its log holds written back into it. */
function bytesOf(file: string): number {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  return statSync(file).size;
}

interface Load {
  readonly perSecond: number;
  readonly p95: number;
  readonly p99: number;
}

function figureOf(name: string, { perSecond, p95, p99 }: Load, target: number | undefined, raw: number): Figure {
  return {
    name,
    value: perSecond,
    unit: 'req/s',
    ...(target === undefined ? {} : { target }),
    ratioTo: `${(perSecond / raw).toFixed(2)} of node:http`,
    note: `p97.5 ${p95} ms, p99 ${p99} ms`,
  };
}

/** Asks for the addresses in turn, from several connections. */
async function load(urls: readonly string[]): Promise<Load> {
  const { origin } = new URL(urls[0] ?? '');
  const requests = urls.map((url) => ({ method: 'GET' as const, path: url.slice(origin.length) }));
  await autocannon({ url: origin, requests, connections: CONNECTIONS, duration: 1 });
  const result = await autocannon({ url: origin, requests, connections: CONNECTIONS, duration: SECONDS });
  if (result.non2xx > 0) console.error(`${result.non2xx} answers to ${requests[0]?.path} were not 2xx`);
  return { perSecond: result.requests.average, p95: result.latency.p97_5, p99: result.latency.p99 };
}

async function rawHttp(body: string): Promise<Load> {
  const server = createServer((_request, response) => response.writeHead(200, { 'Content-Type': 'application/fhir+json' }).end(body));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const result = await load([`http://127.0.0.1:${(server.address() as AddressInfo).port}/`]);
  server.close();
  return result;
}
