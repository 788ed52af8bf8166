import { describe, expect, inject, test } from 'vitest';
import { crashRun } from './crash-run.ts';

const server = inject('mongo');
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

/** A database of its own on the server of the suite. */
const database = (name: string): string => {
  const url = new URL(server?.url ?? '');
  url.pathname = `/chartbridge_${name}_${process.pid}`;
  return url.href;
};

// The full sizes are in test/long/crash-mongo.test.ts.
describe.skipIf(server === undefined)(`MongoDB (${server?.name ?? 'needs a server: see docs/mongodb.md'})`, () => {
  const clean = { lost: [], doubled: [], disordered: [], different: [] };

  test('kill -9 in the middle of a run loses no acknowledged message, doubles none, and keeps their order', async () => {
    const report = await crashRun({ database: database('crash'), messages: 240, connections: 8, kills: 2, seed });
    console.log(`crash run with SEED=${seed}: ${report.resent} resent, slowest restart ${report.slowestRestartMs} ms, ${report.seconds} s`);
    expect(report).toMatchObject({ kills: 2, ...clean });
  });

  test('of two gateways one is killed: the other finishes what it had under way, once and in order', async () => {
    const report = await crashRun({ database: database('pair'), messages: 240, connections: 8, kills: 2, seed, gateways: 2 });
    console.log(
      `two gateways with SEED=${seed}: ${report.resent} resent, longest silence ${report.slowestRestartMs} ms, ${report.seconds} s`,
    );
    expect(report).toMatchObject({ kills: 2, ...clean });
  });

  test('of two gateways one is stopped: the other goes on with what it left', async () => {
    const report = await crashRun({
      database: database('handover'),
      messages: 240,
      connections: 8,
      kills: 2,
      seed,
      gateways: 2,
      signal: 'SIGTERM',
    });
    console.log(`handover with SEED=${seed}: ${report.resent} resent, longest silence ${report.slowestRestartMs} ms, ${report.seconds} s`);
    expect(report).toMatchObject({ kills: 2, ...clean });
  });
});
