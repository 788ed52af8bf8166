import { expect, test } from 'vitest';
import { fuzzRun } from './fuzz-run.ts';
import { cases } from '../cases.ts';

const MESSAGES = cases(5000, 1500);

// 200,000 are in test/long.
test(`${MESSAGES} mutated messages: no crash, none slower than a second, each answered`, async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  const report = await fuzzRun(seed, MESSAGES, 10);
  console.log(`fuzz with SEED=${seed}: ${JSON.stringify(report.codes)}, slowest ${report.slowest.ms.toFixed(0)} ms`);
  expect(report.crashes).toEqual([]);
  expect(report.unanswered).toEqual([]);
  expect(report.slowest.ms).toBeLessThan(1000);
});
