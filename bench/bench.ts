import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { publish } from '../test/long/figures.ts';
import type { Figure } from './measure.ts';

/** `npm run bench`: every figure with the machine it was taken on, what it is held against, and the last saved run. `-- store gateway` takes only these; `-- --save` keeps the run; `-- fhir --large` asks two million resources too, `-- flat` stores 100,000 messages and tells whether the last take longer, `-- million` a million. With FIGURES=1 what is of reliability goes into its page. */
const SAVED = join(import.meta.dirname, 'saved', 'last.json');

interface Run {
  readonly machine: string;
  readonly node: string;
  readonly figures: readonly Figure[];
}

const sections: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  start: async () => (await import('./start.ts')).startFigures(),
  translate: async () => (await import('./translate.ts')).translateFigures(),
  validate: async () =>
    (await import('./validate.ts')).measureValidation((await import('../src/start/definitions-file.ts')).readDefinitions()),
  store: async () =>
    (await (await import('./store.ts')).measureStore(20_000)).map(({ ratio, ...figure }) => ({
      ...figure,
      ...(ratio === undefined ? {} : { ratioTo: `${ratio.toFixed(2)} of raw SQLite` }),
    })),
  mongo: async () => (await import('./store-mongo.ts')).mongoFigures(),
  audit: async () => (await import('./audit.ts')).auditFigures(),
  export: async () => (await import('./export.ts')).exportFigures(),
  gateway: async () => (await import('./gateway.ts')).gatewayFigures(),
  intake: async () => (await import('./intake.ts')).intakeFigures(),
  fhir: async () => (await import('./fhir.ts')).fhirFigures(),
  reads: async () => (await import('./reads.ts')).readFigures(),
  flat: async () => (await import('./flat.ts')).flatFigures(),
  million: async () => (await import('./flat.ts')).millionFigures(),
};
/** Takes minutes: only where it is asked for. */
const ASKED_FOR = new Set(['reads', 'flat', 'million']);
/** What docs/reliability.md calls them. */
const PUBLISHED: Readonly<Record<string, string>> = {
  intake: 'T-07 latency',
  reads: 'T-08 reads while messages arrive',
  gateway: 'Speed',
  flat: 'Flatness',
  million: 'Flatness, small messages',
};
const chosen = process.argv.slice(2).filter((word) => Object.hasOwn(sections, word));
const last = existsSync(SAVED) ? (JSON.parse(readFileSync(SAVED, 'utf8')) as Run) : undefined;
const [cpu] = cpus();
const run: Run & { figures: Figure[] } = {
  machine: `${cpus().length} x ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB`,
  node: process.version,
  figures: [],
};
console.log(`${run.machine}, Node ${run.node}\n`);
for (const [name, measure] of Object.entries(sections)) {
  if (chosen.length > 0 ? !chosen.includes(name) : ASKED_FOR.has(name)) continue;
  const figures = await measure();
  run.figures.push(...figures);
  for (const figure of figures) console.log(lineOf(figure));
  const page = PUBLISHED[name];
  if (page !== undefined) publish(page, Object.fromEntries(figures.map(published)));
}
if (process.argv.includes('--save')) {
  writeFileSync(SAVED, `${JSON.stringify(run, null, 2)}\n`);
  console.log(`\nsaved to ${SAVED}`);
}

function published({ name, value, unit }: Figure): [string, number] {
  return [unit === '' ? name : `${name}, ${unit}`, value >= 100 ? Math.round(value) : Math.round(value * 10) / 10];
}

function lineOf(figure: Figure): string {
  const before = last?.figures.find((other) => other.name === figure.name);
  const parts = [
    figure.target === undefined ? '' : `target ${figure.target.toLocaleString('en')}`,
    figure.ratioTo ?? '',
    figure.note ?? '',
    before === undefined ? '' : `last saved ${round(before.value)}`,
  ].filter((part) => part !== '');
  return `${figure.name.padEnd(58)} ${round(figure.value).padStart(10)} ${figure.unit.padEnd(14)} ${parts.join('; ')}`;
}

function round(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1);
}
