import { afterAll, describe, expect, test } from 'vitest';
import { startMongoServer } from '../../scripts/mongo-server.ts';
import { type CrashPlan, crashRun } from '../end-to-end/crash-run.ts';
import { publish } from './figures.ts';

const server = await startMongoServer({ log: console.error });
afterAll(() => server?.stop());

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const messages = Number(process.env['MESSAGES'] ?? 5000);
const plan = (name: string, more: Partial<CrashPlan>): CrashPlan => {
  const url = new URL(server?.url ?? '');
  url.pathname = `/chartbridge_${name}_${process.pid}`;
  return { database: url.href, messages, connections: 8, kills: 10, seed, ...more };
};

describe.skipIf(server === undefined)(`MongoDB (${server?.name ?? 'needs a server: see docs/mongodb.md'})`, { timeout: 3_600_000 }, () => {
  test.each([
    ['T-01 crash, MongoDB', 'kill -9', plan('crash', {})],
    ['T-17 two gateways over one MongoDB, killed in turn', 'kill -9', plan('pair', { messages: messages / 5, gateways: 2 })],
    [
      'T-17 two gateways over one MongoDB, stopped in turn',
      'SIGTERM',
      plan('handover', { messages: messages / 5, gateways: 2, signal: 'SIGTERM' }),
    ],
  ] as const)('%s: nothing acknowledged is lost, nothing is doubled, the order of patients stays', async (name, signal, run) => {
    const report = await crashRun(run);
    publish(name, {
      server: server?.name ?? '',
      messages: report.messages,
      connections: run.connections,
      [signal]: report.kills,
      'sent again': report.resent,
      'acknowledged and lost': report.lost.length,
      doubled: report.doubled.length,
      'patients out of order': report.disordered.length,
      'resources unlike an undisturbed run': report.different.length,
      [run.gateways === 2 ? 'longest silence after the end of one, ms' : 'slowest first answer after a restart, ms']:
        report.slowestRestartMs,
      seconds: report.seconds,
      seed,
    });
    expect(report).toMatchObject({ lost: [], doubled: [], disordered: [], different: [] });
    // Of two the one that was ended must be back before the other is: on a slow machine the messages may be through before the last.
    expect(report.kills).toBeGreaterThanOrEqual(run.gateways === 2 ? 5 : 10);
  });
});
