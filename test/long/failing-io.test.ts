import { afterAll, describe, expect, test } from 'vitest';
import { type FailurePoint, failingIo, type FailureReport, hasStrace } from '../end-to-end/failing-io.ts';
import { scratchFolder } from '../end-to-end/gateway.ts';
import { seeded } from '../end-to-end/senders.ts';
import { publish } from './figures.ts';

const folder = scratchFolder();
afterAll(() => folder.remove());
const MESSAGES = 8;
/** Flushes of a run: each message is two, and a start has some. Writes: a message has about a hundred. */
const FLUSHES = 25;
const WRITES = 75;

describe.skipIf(!hasStrace)('a system call that fails (needs strace)', () => {
  test('the first flushes and writes anywhere: no answer is untrue, and after a restart each message has one effect', {
    timeout: 3_600_000,
  }, async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    const random = seeded(seed);
    const points: FailurePoint[] = [
      ...Array.from({ length: FLUSHES }, (_, index) => ({ call: 'fdatasync', error: 'EIO', nth: index + 1 }) as const),
      ...Array.from({ length: WRITES }, (_, index) => {
        const error = index % 2 === 0 ? 'EIO' : 'ENOSPC';
        return { call: 'pwrite64', error, nth: 1 + Math.floor(random() * MESSAGES * 100) } as const;
      }),
    ];
    const reports: FailureReport[] = [];
    const begun: string[] = [];
    let number = 0;
    const one = async (): Promise<void> => {
      for (let point = points.shift(); point !== undefined; point = points.shift()) {
        const path = `${folder.path}/io-${(number += 1)}.db`;
        await failingIo(path, point, MESSAGES).then(
          (report) => reports.push(report),
          () => begun.push(`${point.call} ${point.nth}`),
        );
      }
    };
    await Promise.all([one(), one()]);
    const failed = reports.filter((report) => report.failed);
    const wrong = reports.filter(({ integrity, untrue, notOne }) => integrity !== 'ok' || untrue.length > 0 || notOne.length > 0);
    const silent = failed.filter(({ point, ready }) => (ready === 503) !== (point.call === 'fdatasync'));
    publish('T-12 a system call that fails', {
      'runs with one failing call': FLUSHES + WRITES,
      'of them a failed flush': failed.filter(({ point }) => point.call === 'fdatasync').length,
      'of them a failed write': failed.filter(({ point }) => point.call === 'pwrite64').length,
      'the gateway did not start, and said why': begun.length,
      'the call was never made': reports.length - failed.length,
      'messages taken': reports.reduce((sum, { taken }) => sum + taken, 0),
      'messages refused ("not stored, resend")': reports.reduce((sum, { refused }) => sum + refused, 0),
      'messages without an answer': reports.reduce((sum, { unanswered }) => sum + unanswered, 0),
      'runs with an untrue answer, a message lost or doubled, or a damaged file': wrong.length,
      'runs where /readyz did not tell': silent.length,
      seed,
    });
    expect(wrong).toEqual([]);
    expect(silent).toEqual([]);
    expect(failed.length).toBeGreaterThan((FLUSHES + WRITES) / 2);
  });
});
