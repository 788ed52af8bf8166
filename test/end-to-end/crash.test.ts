import { afterAll, expect, test } from 'vitest';
import { crashRun } from './crash-run.ts';
import { scratchFolder } from './gateway.ts';
import { cases } from '../cases.ts';

const folder = scratchFolder();
afterAll(() => folder.remove());

const MESSAGES = cases(5000, 240);
const KILLS = cases(10, 2);

// With figures for the page, and on a MongoDB: test/long.
test('kill -9 in the middle of a run loses no acknowledged message, doubles none, and keeps their order', {
  timeout: 600_000,
}, async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  const report = await crashRun({ database: `sqlite:${folder.path}/crash.db`, messages: MESSAGES, connections: 8, kills: KILLS, seed });
  console.log(`crash run with SEED=${seed}: ${report.resent} resent, slowest restart ${report.slowestRestartMs} ms, ${report.seconds} s`);
  expect(report).toMatchObject({ kills: KILLS, lost: [], doubled: [], disordered: [], different: [] });
});
