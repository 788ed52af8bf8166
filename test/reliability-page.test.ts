import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { AIMS } from './long/aims.ts';
import { lastRuns } from './long/figures.ts';

const root = resolve(import.meta.dirname, '..');
const runs = lastRuns();

test('every test of reliability has its line, T-01 to T-27', () => {
  const ids = new Set(AIMS.map(({ run }) => /^T-\d\d/.exec(run)?.[0]));
  const missing = Array.from({ length: 27 }, (_, index) => `T-${String(index + 1).padStart(2, '0')}`).filter((id) => !ids.has(id));
  expect(missing).toEqual([]);
});

test('every run that has figures has its line, and no aim is of a figure that its run does not measure', () => {
  expect(Object.keys(runs).filter((name) => !AIMS.some(({ run }) => run === name))).toEqual([]);
  const unmeasured = AIMS.flatMap(({ run, held }) =>
    runs[run] === undefined
      ? []
      : held.filter(({ figure }) => runs[run]?.figures[figure] === undefined).map(({ figure }) => `${run}: ${figure}`),
  );
  expect(unmeasured).toEqual([]);
});

test('every file that is said to write figures is there', () => {
  const files = AIMS.flatMap(({ by }) => (by === undefined ? [] : [by]));
  expect(files.filter((file) => !existsSync(resolve(root, file)))).toEqual([]);
});
