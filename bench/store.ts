import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type IndexValues, normaliseString } from '../src/fhir/index-values.ts';
import { type Filter, searchOf, type SearchQuery } from '../src/fhir/search-query.ts';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import type { Change, Store, Write } from '../src/store/store.ts';

/** One measurement, in the words the report prints. */
export interface Measurement {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The physical limit measured in the same run, where there is one: value divided by it. */
  readonly ratio?: number;
}

const PER_PATIENT = 40;
const CODES = 200;

const extract = (resource: Record<string, unknown>): IndexValues => valuesByResource.get(resource) ?? valuesOf({});
const valuesByResource = new WeakMap<object, IndexValues>();
export const settings = { extract, now: () => Date.now(), compartmentParameters: () => ['subject'] };

function valuesOf(some: Partial<IndexValues>): IndexValues {
  return { tokens: [], strings: [], dates: [], numbers: [], quantities: [], references: [], uris: [], composites: [], ...some };
}

/** An invented laboratory result of about 1 KB with what its R4 search parameters give. */
function observation(index: number): Write {
  const code = `${1000 + ((index * 7919) % CODES)}-${index % 10}`;
  const patient = `pat-${Math.floor(index / PER_PATIENT)}`;
  const time = Date.UTC(2020, 0, 1) + ((index * 7_919_000) % (5 * 365 * 86_400)) * 1000;
  const value = ((index * 37) % 1000) / 10;
  const id = `obs-${index.toString(36).padStart(12, '0')}-0a1b2c3d4e5f`;
  const instant = new Date(time).toISOString();
  const resource = {
    resourceType: 'Observation',
    id,
    meta: { source: 'urn:sender:LABSYS', profile: ['http://example.org/fhir/StructureDefinition/lab-result'] },
    identifier: [{ system: 'urn:oid:2.16.840.1.113883.19.4', value: `ORD${index}` }],
    status: 'final',
    category: [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory', display: 'Laboratory' }] },
    ],
    code: {
      coding: [{ system: 'http://loinc.org', code, display: `Invented analyte ${code} in Serum or Plasma` }],
      text: `Analyte ${code}`,
    },
    subject: { reference: `Patient/${patient}` },
    encounter: { reference: `Encounter/enc-${Math.floor(index / 10)}` },
    effectiveDateTime: instant,
    issued: instant,
    performer: [{ reference: 'Organization/lab-1' }],
    valueQuantity: { value, unit: 'mmol/L', system: 'http://unitsofmeasure.org', code: 'mmol/L' },
    referenceRange: [{ low: { value: 3.9, unit: 'mmol/L' }, high: { value: 6.1, unit: 'mmol/L' }, text: '3.9-6.1 mmol/L' }],
  };
  const quantity = { value, low: value - 0.05, high: value + 0.05, system: 'http://unitsofmeasure.org', code: 'mmol/L', unit: 'mmol/L' };
  const loinc = { system: 'http://loinc.org', code, text: `Invented analyte ${code} in Serum or Plasma` };
  const pair = [
    valuesOf({ tokens: [{ parameter: 'code', ...loinc }] }),
    valuesOf({ quantities: [{ parameter: 'value-quantity', ...quantity }] }),
  ];
  valuesByResource.set(
    resource,
    valuesOf({
      tokens: [
        { parameter: 'code', ...loinc },
        { parameter: 'combo-code', ...loinc },
        { parameter: 'category', system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' },
        { parameter: 'status', system: 'http://hl7.org/fhir/observation-status', code: 'final' },
        { parameter: 'identifier', system: 'urn:oid:2.16.840.1.113883.19.4', code: `ORD${index}` },
      ],
      references: [
        { parameter: 'subject', type: 'Patient', id: patient },
        { parameter: 'patient', type: 'Patient', id: patient },
        { parameter: 'encounter', type: 'Encounter', id: `enc-${Math.floor(index / 10)}` },
        { parameter: 'performer', type: 'Organization', id: 'lab-1' },
      ],
      dates: [{ parameter: 'date', low: time, high: time + 1000 }],
      quantities: [
        { parameter: 'value-quantity', ...quantity },
        { parameter: 'combo-value-quantity', ...quantity },
      ],
      uris: [{ parameter: '_source', value: 'urn:sender:LABSYS' }],
      composites: [
        { parameter: 'code-value-quantity', parts: pair },
        { parameter: 'combo-code-value-quantity', parts: pair },
      ],
    }),
  );
  return { type: 'Observation', id, resource };
}

const FAMILIES = ['Berg', 'Lindqvist', 'Moreau', 'Okafor', 'Tanaka', 'Vasquez', 'Yilmaz', 'Zielinski'];

/** An invented patient with the strings of a name. */
function patient(index: number): Write {
  const family = `${FAMILIES[index % FAMILIES.length]}${index % 500}`;
  const id = `pat-${index}`;
  const resource = { resourceType: 'Patient', id, name: [{ family, given: ['Test'] }], birthDate: '1980-01-01' };
  const string = (parameter: string, value: string) => ({ parameter, value, normalised: normaliseString(value) });
  valuesByResource.set(
    resource,
    valuesOf({
      tokens: [{ parameter: 'identifier', system: 'urn:oid:1.2', code: `MRN${index}` }],
      strings: [string('family', family), string('name', family), string('given', 'Test'), string('name', 'Test')],
    }),
  );
  return { type: 'Patient', id, resource };
}

/** Runs changes, so many at once, and gives how long it took. Units: s */
export async function runChanges(store: Store, changes: Iterable<Change>, together: number): Promise<number> {
  const start = performance.now();
  const source = changes[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (let next = source.next(); next.done !== true; next = source.next()) await store.commit(next.value);
  };
  await Promise.all(Array.from({ length: together }, lane));
  return (performance.now() - start) / 1000;
}

export function* changesOf(from: number, to: number, each: number): Generator<Change> {
  for (let at = from; at < to; at += each) {
    yield { writes: Array.from({ length: Math.min(each, to - at) }, (_, offset) => observation(at + offset)) };
  }
}

const token = (code: string): Filter => ({ op: 'token', parameter: 'code', system: 'http://loinc.org', code });
const codeOf = (index: number): string => `${1000 + ((index * 7919) % CODES)}-${index % 10}`;

/** The searches of the benchmark, by name. */
export const searches: Record<string, (index: number) => SearchQuery> = {
  code: (index) => searchOf('Observation', token(codeOf(index)), { count: 20 }),
  'patient and code': (index) =>
    searchOf(
      'Observation',
      {
        op: 'and',
        of: [
          { op: 'reference', parameter: 'patient', type: 'Patient', id: `pat-${Math.floor(index / PER_PATIENT)}` },
          token(codeOf(index)),
        ],
      },
      { count: 20 },
    ),
  'patient, newest by date': (index) =>
    searchOf(
      'Observation',
      { op: 'reference', parameter: 'patient', type: 'Patient', id: `pat-${Math.floor(index / PER_PATIENT)}` },
      { count: 20, sort: [{ parameter: 'date', descending: true }] },
    ),
  'date, one day': (index) => {
    const low = Date.UTC(2020, 0, 1) + (index % 1800) * 86_400_000;
    return searchOf('Observation', { op: 'date', parameter: 'date', prefix: 'eq', low, high: low + 86_400_000 }, { count: 20 });
  },
  'date from and to, a week, and a category': (index) => {
    const low = Date.UTC(2020, 0, 1) + (index % 1800) * 86_400_000;
    const high = low + 7 * 86_400_000;
    return searchOf(
      'Observation',
      {
        op: 'and',
        of: [
          { op: 'date', parameter: 'date', prefix: 'ge', low, high: low + 86_400_000 },
          { op: 'date', parameter: 'date', prefix: 'lt', low: high, high: high + 86_400_000 },
          { op: 'token', parameter: 'category', code: 'laboratory' },
        ],
      },
      { count: 20 },
    );
  },
  'code and value above': (index) =>
    searchOf(
      'Observation',
      {
        op: 'and',
        of: [token(codeOf(index)), { op: 'quantity', parameter: 'value-quantity', prefix: 'gt', value: 90, low: 89.5, high: 90.5 }],
      },
      { count: 20 },
    ),
  identifier: (index) =>
    searchOf(
      'Observation',
      { op: 'token', parameter: 'identifier', system: 'urn:oid:2.16.840.1.113883.19.4', code: `ORD${index}` },
      { count: 20 },
    ),
  'family name of the patient, by chain, and code': (index) =>
    searchOf(
      'Observation',
      {
        op: 'and',
        of: [
          token(codeOf(index)),
          {
            op: 'chain',
            parameter: 'subject',
            types: ['Patient'],
            filter: { op: 'string', parameter: 'family', match: 'starts', value: `${FAMILIES[index % 8]}${index % 500}` },
          },
        ],
      },
      { count: 20 },
    ),
  'patients by name': (index) =>
    searchOf('Patient', { op: 'string', parameter: 'name', match: 'starts', value: `${FAMILIES[index % 8]?.slice(0, 3)}` }, { count: 20 }),
  'patients with a result of a code': (index) =>
    searchOf('Patient', { op: 'has', type: 'Observation', parameter: 'subject', filter: token(codeOf(index)) }, { count: 20 }),
  'code and value in one composite': (index) =>
    searchOf(
      'Observation',
      {
        op: 'composite',
        parameter: 'code-value-quantity',
        parts: [token(codeOf(index)), { op: 'quantity', parameter: 'value-quantity', prefix: 'gt', value: 50, low: 49.5, high: 50.5 }],
      },
      { count: 20 },
    ),
  'everything, newest first': () => searchOf('Observation', { op: 'and', of: [] }, { count: 20 }),
  'everything, by date': () =>
    searchOf('Observation', { op: 'and', of: [] }, { count: 20, sort: [{ parameter: 'date', descending: true }] }),
  'everything, last updated first': () =>
    searchOf('Observation', { op: 'and', of: [] }, { count: 20, sort: [{ parameter: '_lastUpdated', descending: true }] }),
  'patient and its results, by reverse include': (index) =>
    searchOf(
      'Patient',
      { op: 'id', ids: [`pat-${Math.floor(index / PER_PATIENT)}`] },
      { count: 20, includes: [{ direction: 'reverse', source: 'Observation', parameter: 'subject', iterate: false }] },
    ),
};

/** How often a second something runs, one after another, for about that long. */
async function rateOf(run: (index: number) => Promise<unknown>, resources: number, forMs: number): Promise<number> {
  const start = performance.now();
  let done = 0;
  while (performance.now() - start < forMs) {
    await run((done * 6151) % resources);
    done += 1;
  }
  return (done * 1000) / (performance.now() - start);
}

/** The same texts into a bare table with its key, ten a transaction, as durable: what the disk and SQLite themselves allow. */
function rawInserts(path: string, count: number, each: number): number {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE raw (id TEXT PRIMARY KEY, json TEXT)');
  const insert = database.prepare('INSERT INTO raw (id, json) VALUES (?, ?)');
  const writes = Array.from({ length: count }, (_, index) => observation(index));
  const start = performance.now();
  for (let at = 0; at < count; at += each) {
    database.exec('BEGIN');
    for (const { id, resource } of writes.slice(at, at + each)) insert.run(id, JSON.stringify(resource));
    database.exec('COMMIT');
  }
  const rate = (count * 1000) / (performance.now() - start);
  database.close();
  return rate;
}

/** Measures the SQLite store with so many resources in it. */
export async function measureStore(resources: number): Promise<Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), 'chartbridge-bench-'));
  const results: Measurement[] = [];
  const path = join(folder, 'store.db');
  try {
    const raw = rawInserts(join(folder, 'raw.db'), Math.min(resources, 20_000), 10);
    results.push({ name: 'raw SQLite inserts, 10 a transaction', value: raw, unit: 'resources/s' });
    const store = await openSqliteStore({ ...settings, path });
    const patients = Array.from({ length: resources / PER_PATIENT }, (_, index) => patient(index));
    for (let at = 0; at < patients.length; at += 500) await store.commit({ writes: patients.slice(at, at + 500) });
    const single = 2_000;
    results.push({
      name: 'creates, one each, one caller',
      value: 300 / (await runChanges(store, changesOf(0, 300, 1), 1)),
      unit: 'commits/s',
    });
    const grouped = await runChanges(store, changesOf(300, single, 1), 64);
    results.push({ name: 'creates, one each, 64 callers', value: (single - 300) / grouped, unit: 'commits/s' });
    const bundles = 10_000;
    const bundled = (bundles - single) / (await runChanges(store, changesOf(single, bundles, 15), 16));
    results.push({ name: 'creates, 15 a transaction, 16 callers', value: bundled, unit: 'resources/s', ratio: bundled / raw });
    const stalls = await measureStall(async () => {
      const rate = (resources - bundles) / (await runChanges(store, changesOf(bundles, resources, 100), 4));
      results.push({ name: 'creates, 100 a transaction, 4 callers', value: rate, unit: 'resources/s', ratio: rate / raw });
    });
    results.push({ name: 'longest stall of the event loop meanwhile', value: stalls, unit: 'ms' });
    const reads = await rateOf((index) => store.read('Observation', observation(index).id), resources, 1000);
    results.push({ name: 'reads by id', value: reads, unit: 'reads/s' });
    for (const [name, query] of Object.entries(searches)) {
      results.push({
        name: `search: ${name}`,
        value: await rateOf((index) => store.search(query(index)), resources, 700),
        unit: 'searches/s',
      });
    }
    const updates = await runChanges(store, changesOf(0, 1_000, 10), 4);
    results.push({ name: 'updates that change nothing they are found by, 10 a transaction', value: 1_000 / updates, unit: 'resources/s' });
    await store.close();
    const json = JSON.stringify(observation(1).resource).length + 60;
    results.push({
      name: `disk for each resource of ${json} bytes`,
      value: statSync(path).size / (resources + patients.length),
      unit: 'bytes',
    });
  } finally {
    if (process.env['KEEP'] === undefined) rmSync(folder, { recursive: true, force: true });
  }
  return results;
}

async function measureStall(work: () => Promise<void>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - 5);
    last = now;
  }, 5);
  await work();
  clearInterval(timer);
  return longest;
}

if (import.meta.main) {
  for (const { name, value, unit, ratio } of await measureStore(Number(process.argv[2] ?? 50_000))) {
    console.log(`${name.padEnd(66)} ${value.toFixed(1).padStart(10)} ${unit}${ratio === undefined ? '' : ` (${ratio.toFixed(2)} of raw)`}`);
  }
}
