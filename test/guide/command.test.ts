import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Examination, type Line, share } from '../../src/cli/guide/examine.ts';
import { coveragePage, reportOf } from '../../src/cli/guide/report.ts';

const CLI = fileURLToPath(new URL('../../chartbridge.js', import.meta.url));

describe('chartbridge coverage', () => {
  test.each([[['--guide', '/nowhere']], [['--guide']], [['--sideways']]])('%j ends with 2 and says what it needs', (words) => {
    const { status, stderr } = spawnSync(process.execPath, [CLI, 'coverage', ...words], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toContain('--guide DIR');
  });
});

describe('the report', () => {
  const line = (at: string, state: Line['state'], why = ''): Line => ({ at, target: 'name', state, why });
  const examination: Examination = {
    tables: [
      { name: 'PID[Patient]', kind: 'segment', counts: true, lines: [line('PID-5', 'carried'), line('PID-6', 'deviated', 'otherwise')] },
      { name: 'NTE[Appointment]', kind: 'segment', counts: false, lines: [line('NTE-3', 'left out', 'not served')] },
      { name: 'Religion', kind: 'code table', counts: false, lines: [line('A', 'carried')] },
    ],
    stale: [],
  };

  test('reasons are told of the table asked for, or of all', () => {
    const told = (all: boolean, names: string[]) =>
      ['otherwise', 'not served'].filter((why) => reportOf(examination, { all, names }).includes(why));
    expect(told(false, [])).toEqual([]);
    expect(told(true, [])).toEqual(['otherwise', 'not served']);
    expect(told(false, ['PID[Patient]'])).toEqual(['otherwise']);
  });

  test('the figure counts only tables that messages apply', () => {
    expect(reportOf(examination, { all: false, names: [] })).toContain('Of the 2 rows');
    expect(coveragePage(examination)).toContain('**100 %**');
  });

  test('a share is cut, never rounded up', () => {
    expect(share({ carried: 1899, deviated: 0, leftOut: 101, unexplained: 0, rows: 2000 })).toBe(94.9);
  });

  test('a ruling about nothing is told', () => {
    const stale = reportOf({ ...examination, stale: ['mappings/guide.yaml:9 PID-99'] }, { all: false, names: [] });
    expect(stale).toContain('mappings/guide.yaml:9 PID-99');
  });
});
