import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { performance } from 'node:perf_hooks';
import { gzipSync } from 'node:zlib';
import { readDefinitions } from '../src/start/definitions-file.ts';
import { createJobs, type Jobs } from '../src/jobs/jobs.ts';
import type { ExportRequest } from '../src/jobs/export-request.ts';
import { compileCompartmentOwners } from '../src/fhir/compartment-owners.ts';
import { compileCompartments } from '../src/fhir/compartments.ts';
import { compileExtractor } from '../src/fhir/index-extraction.ts';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import type { Figure } from './measure.ts';
import { changesOf, runChanges, settings } from './store.ts';

const REQUEST: ExportRequest = { level: 'system', url: '', types: ['Observation'], filters: [], elements: [], warnings: [] };

/** Bulk export out of a SQLite file: everything, the patients of a group, by a search; beside the same bytes read and written raw. */
export async function exportFigures(resources = 60_000): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'chartbridge-bench-export-'));
  const path = join(folder, 'bench.db');
  const store = await openSqliteStore({ ...settings, path });
  const definitions = readDefinitions();
  let ids = 0;
  const exporter = createJobs({
    store,
    folder: join(folder, 'exports'),
    reading: {
      patientsOf: compileCompartmentOwners('Patient', definitions),
      extract: compileExtractor(definitions),
      compartmentParameters: compileCompartments(definitions),
    },
    narrow: ({ json }) => json,
    newId: () => `bench-${(ids += 1)}`,
    now: Date.now,
    keepMs: 3_600_000,
    report: (_job, issues) => console.error(issues),
  });
  try {
    await runChanges(store, changesOf(0, resources, 100), 4);
    const raw = rawRate(path, join(folder, 'raw.ndjson'));
    const everything = await rate(exporter, REQUEST, resources);
    const token = { op: 'token', parameter: 'code', system: 'http://loinc.org', code: '1000-0' } as const;
    const patients = Array.from({ length: 100 }, (_, at) => `pat-${at}`);
    const ofPatients = await rate(exporter, { ...REQUEST, level: 'patient', patients }, resources);
    const ofAny = await rate(exporter, { ...REQUEST, level: 'patient' }, resources);
    const filtered = await rate(exporter, { ...REQUEST, filters: [{ type: 'Observation', filter: token }] }, resources);
    const bytes = readFileSync(join(folder, 'raw.ndjson'));
    const start = performance.now();
    const packed = gzipSync(bytes, { level: 1 }).length;
    const gzipRate = (resources * 1000) / (performance.now() - start);
    return [
      { name: 'export: SQLite rows to a file, nothing else', value: raw, unit: 'resources/s' },
      {
        name: 'export: everything, NDJSON',
        value: everything,
        unit: 'resources/s',
        target: 30_000,
        ratioTo: `${(everything / raw).toFixed(2)} of raw`,
        note: `${Math.round(bytes.length / resources)} bytes each`,
      },
      { name: 'export: of 100 patients, looked through', value: ofPatients, unit: 'resources/s' },
      { name: 'export: of any patient, looked through', value: ofAny, unit: 'resources/s' },
      { name: 'export: by _typeFilter, looked through', value: filtered, unit: 'resources/s' },
      {
        name: 'export: gzip on the wire, one core',
        value: gzipRate,
        unit: 'resources/s',
        note: `to ${Math.round((packed * 100) / bytes.length)} %`,
      },
    ];
  } finally {
    await exporter.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The best of three. */
async function rate(exporter: Jobs, request: ExportRequest, resources: number): Promise<number> {
  let best = 0;
  for (let round = 0; round < 3; round += 1) {
    const start = performance.now();
    const id = await exporter.kickOff(request, '');
    while ((await exporter.status(id, '').catch(() => undefined))?.state !== 'done') await new Promise((done) => setTimeout(done, 50));
    best = Math.max(best, (resources * 1000) / (performance.now() - start));
    await exporter.cancel(id, '');
  }
  return best;
}

function rawRate(path: string, to: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  const start = performance.now();
  const lines = database
    .prepare('SELECT json FROM node WHERE version > 0 ORDER BY seq')
    .all()
    .map((row) => String(row['json']));
  writeFileSync(to, `${lines.join('\n')}\n`, { flush: true });
  database.close();
  return (lines.length * 1000) / (performance.now() - start);
}
