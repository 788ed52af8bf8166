import { afterAll, expect, test } from 'vitest';
import { crashRun } from './crash-run.ts';
import { scratchFolder } from './gateway.ts';

const folder = scratchFolder();
afterAll(() => folder.remove());

// The full size is test/long/crash.test.ts.
test('kill -9 in the middle of a run loses no acknowledged message, doubles none, and keeps their order', {
  timeout: 120_000,
}, async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  const report = await crashRun({ database: `sqlite:${folder.path}/crash.db`, messages: 240, connections: 8, kills: 2, seed });
  console.log(`crash run with SEED=${seed}: ${report.resent} resent, slowest restart ${report.slowestRestartMs} ms, ${report.seconds} s`);
  expect(report).toMatchObject({ kills: 2, lost: [], doubled: [], disordered: [], different: [] });
});
