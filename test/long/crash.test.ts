import { afterAll, expect, test } from 'vitest';
import { crashRun } from '../end-to-end/crash-run.ts';
import { scratchFolder } from '../end-to-end/gateway.ts';
import { publish } from './figures.ts';

const folder = scratchFolder();
afterAll(() => folder.remove());

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const plan = { messages: 5000, connections: 8, kills: 10, seed };
const CLEAN = { kills: 10, lost: [], doubled: [], disordered: [], different: [] };

test('5,000 messages over 8 connections, MLLP and HTTP, with 10 kill -9', { timeout: 600_000 }, async () => {
  const report = await crashRun({ ...plan, database: `sqlite:${folder.path}/crash.db` });
  publish('T-01 crash', {
    messages: report.messages,
    connections: plan.connections,
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
  expect(report).toMatchObject(CLEAN);
  expect(report.slowestRestartMs).toBeLessThan(5000);
});

test('the same with 10 SIGTERM: each ends by itself, within ten seconds', { timeout: 600_000 }, async () => {
  const report = await crashRun({ ...plan, database: `sqlite:${folder.path}/stop.db`, signal: 'SIGTERM' });
  publish('T-17 a stop under load', {
    messages: report.messages,
    connections: plan.connections,
    SIGTERM: report.kills,
    'sent again': report.resent,
    'acknowledged and lost': report.lost.length,
    doubled: report.doubled.length,
    'patients out of order': report.disordered.length,
    'resources unlike an undisturbed run': report.different.length,
    'ends with another exit code than 0': report.otherExits,
    'slowest end, ms': report.slowestEndMs,
    'slowest first answer after a restart, ms': report.slowestRestartMs,
    seconds: report.seconds,
    seed,
  });
  expect(report).toMatchObject({ ...CLEAN, otherExits: 0 });
  expect(report.slowestEndMs).toBeLessThan(10_000);
});
