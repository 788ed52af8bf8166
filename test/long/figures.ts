import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';

const DATA = join(import.meta.dirname, 'figures.json');
const PAGE = join(import.meta.dirname, '../../docs/reliability.md');
const TEXT = join(import.meta.dirname, 'reliability-page.md');

/** What one run measured. */
export type Figures = Readonly<Record<string, string | number>>;

interface Run {
  readonly when: string;
  readonly machine: string;
  readonly figures: Figures;
}

/** Keeps the figures of a run and writes docs/reliability.md anew: the page says what the last runs said. */
export function publish(name: string, figures: Figures): void {
  const runs = existsSync(DATA) ? (JSON.parse(readFileSync(DATA, 'utf8')) as Record<string, Run>) : {};
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim() ?? ''}), ${Math.round(totalmem() / 2 ** 30)} GB, ${type()} ${release().split('-')[0]}, Node ${process.version}`;
  runs[name] = { when: new Date().toISOString().slice(0, 10), machine, figures };
  writeFileSync(DATA, `${JSON.stringify(Object.fromEntries(byName(runs)), null, 2)}\n`);
  writePage();
  console.log(`${name}: ${JSON.stringify(figures)}`);
}

const byName = (runs: Record<string, Run>) => Object.entries(runs).sort(([one], [other]) => (one < other ? -1 : 1));

/** Writes docs/reliability.md of the figures that are kept. */
function writePage(): void {
  writeFileSync(PAGE, pageOf(byName(JSON.parse(readFileSync(DATA, 'utf8')) as Record<string, Run>)));
}

function pageOf(runs: readonly (readonly [string, Run])[]): string {
  const sections = runs.map(([name, { when, machine, figures }]) =>
    [
      `### ${name}`,
      '',
      '| what | figure |',
      '| --- | --- |',
      ...Object.entries(figures).map(
        ([what, figure]) => `| ${what} | ${typeof figure === 'number' && what !== 'seed' ? figure.toLocaleString('en') : figure} |`,
      ),
      '',
      `${when}, ${machine}`,
      '',
    ].join('\n'),
  );
  return `${readFileSync(TEXT, 'utf8').trimEnd()}\n\n${sections.join('\n')}`;
}
