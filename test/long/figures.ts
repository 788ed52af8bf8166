import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { reliabilityPage } from './page.ts';

const DATA = join(import.meta.dirname, 'figures.json');

/** The page that the figures are written into. */
const PAGE = join(import.meta.dirname, '../../docs/reliability.md');

/** Whether this run is to write its figures: `npm run test:long` says so (vitest.long.config.ts), `npm test` does not and leaves the tree clean. */
export const isMeasured = process.env['FIGURES'] === '1';

/** What one run measured. */
export type Figures = Readonly<Record<string, string | number>>;

/** The figures of a run, and where they were taken. */
export interface Run {
  readonly when: string;
  readonly machine: string;
  readonly figures: Figures;
}

/** The last runs by name. Shape: {'T-01 crash': {...}} */
export function lastRuns(): Record<string, Run> {
  return existsSync(DATA) ? (JSON.parse(readFileSync(DATA, 'utf8')) as Record<string, Run>) : {};
}

/** Tells and keeps the figures of a run where they are asked for, and writes docs/reliability.md anew. */
export function publish(name: string, figures: Figures): void {
  if (!isMeasured) return;
  console.log(`${name}: ${JSON.stringify(figures)}`);
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim() ?? ''}), ${Math.round(totalmem() / 2 ** 30)} GB, ${type()} ${release().split('-')[0]}, Node ${process.version}, load ${loadavg()[1]?.toFixed(1)}`;
  const runs = { ...lastRuns(), [name]: { when: new Date().toISOString().slice(0, 10), machine, figures } };
  const inOrder = Object.fromEntries(Object.entries(runs).sort(([one], [other]) => (one < other ? -1 : 1)));
  writeFileSync(DATA, `${JSON.stringify(inOrder, null, 2)}\n`);
  writeFileSync(PAGE, reliabilityPage(inOrder));
}
