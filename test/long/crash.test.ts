import { afterAll, expect, test } from 'vitest';
import { crashRun } from '../end-to-end/crash-run.ts';
import { scratchFolder } from '../end-to-end/gateway.ts';
import { publish } from './figures.ts';

const folder = scratchFolder();
afterAll(() => folder.remove());

test('5,000 messages over 8 connections, MLLP and HTTP, with 10 kill -9', { timeout: 600_000 }, async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  const report = await crashRun({ database: `sqlite:${folder.path}/crash.db`, messages: 5000, connections: 8, kills: 10, seed });
  publish('T-01 crash', {
    messages: report.messages,
    connections: 8,
    'kill -9': report.kills,
    'sent again': report.resent,
    'acknowledged and lost': report.lost.length,
    doubled: report.doubled.length,
    'patients out of order': report.disordered.length,
    'resources unlike an undisturbed run': report.different.length,
    'slowest first answer after a restart, ms': report.slowestRestartMs,
    seconds: report.seconds,
    seed,
  });
  expect(report).toMatchObject({ kills: 10, lost: [], doubled: [], disordered: [], different: [] });
  expect(report.slowestRestartMs).toBeLessThan(5000);
});
