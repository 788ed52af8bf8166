import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { AIMS, type Aim, type Held } from './aims.ts';
import type { Run } from './figures.ts';

const TEXT = join(import.meta.dirname, 'reliability-page.md');

/** docs/reliability.md, of its text, the aims and the figures of the last runs. */
export function reliabilityPage(runs: Readonly<Record<string, Run>>): string {
  const text = readFileSync(TEXT, 'utf8').trimEnd().replace('{{tests}}', tableOf(runs));
  return `${text}\n\n${Object.entries(runs).map(sectionOf).join('\n')}`;
}

function tableOf(runs: Readonly<Record<string, Run>>): string {
  return [
    '| test | what it promises | runs in | aim | last figure | met |',
    '| --- | --- | --- | --- | --- | --- |',
    ...AIMS.map((aim) => `| ${cellsOf(aim, runs[aim.run]).join(' | ')} |`),
  ].join('\n');
}

function cellsOf({ run, promise, runsIn, by, held, open }: Aim, last: Run | undefined): string[] {
  const figures = held.map(({ figure }) => last?.figures[figure]);
  const isMet = open === undefined && held.every((one, index) => holds(one, figures[index]));
  return [
    run,
    promise,
    by === undefined ? runsIn : `${runsIn}: [${basename(by)}](../${by})`,
    held.map(({ figure, is, than }) => `${figure} ${is === '=' ? '' : `${is} `}${than.toLocaleString('en')}`).join('<br>'),
    last === undefined ? 'not run' : figures.map((figure) => (figure === undefined ? 'not measured' : shown(figure))).join('<br>'),
    isMet ? 'yes' : `**no**${open === undefined ? '' : `: ${open}`}`,
  ];
}

function holds({ is, than }: Held, figure: string | number | undefined): boolean {
  if (typeof figure !== 'number') return false;
  if (is === '=') return figure === than;
  return is === '≤' ? figure <= than : figure >= than;
}

function sectionOf([name, { when, machine, figures }]: [string, Run]): string {
  return [
    `### ${name}`,
    '',
    '| what | figure |',
    '| --- | --- |',
    ...Object.entries(figures).map(([what, figure]) => `| ${what} | ${what === 'seed' ? figure : shown(figure)} |`),
    '',
    `${when}, ${machine}`,
    '',
  ].join('\n');
}

function shown(figure: string | number): string {
  return typeof figure === 'number' ? figure.toLocaleString('en') : figure;
}
