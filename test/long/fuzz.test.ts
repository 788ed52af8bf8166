import { expect, test } from 'vitest';
import { fuzzRun } from '../intake/fuzz-run.ts';
import { publish } from './figures.ts';

test('200,000 mutated messages: no crash, none slower than a second, each answered', { timeout: 3_600_000 }, async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  const report = await fuzzRun(seed, Number(process.env['MESSAGES'] ?? 200_000), 20);
  publish('T-04 fuzz, in process', {
    'mutated messages': report.messages,
    'of them through the store': report.stored,
    ...Object.fromEntries(Object.entries(report.codes).map(([code, count]) => [`answered ${code}`, count])),
    crashes: report.crashes.length,
    'left without an answer': report.unanswered.length,
    'slowest, ms of the processor': Math.round(report.slowest.ms),
    'number of the slowest': String(report.slowest.number),
    seed,
  });
  expect(report.crashes).toEqual([]);
  expect(report.unanswered).toEqual([]);
  expect(report.slowest.ms).toBeLessThan(1000);
});
