import { afterAll, describe, expect, test } from 'vitest';
import { everyCase } from '../cases.ts';
import { type FailurePoint, failingIo, hasStrace } from './failing-io.ts';
import { scratchFolder } from './gateway.ts';

const folder = scratchFolder();
afterAll(() => folder.remove());

// The first hundred points are in test/long/failing-io.test.ts.
describe.skipIf(!hasStrace)('a system call that fails (needs strace)', () => {
  const points: FailurePoint[] = [
    { call: 'pwrite64', error: 'ENOSPC', nth: 300 },
    { call: 'fdatasync', error: 'EIO', nth: 4 },
  ];
  const further: FailurePoint[] = [
    { call: 'pwrite64', error: 'EIO', nth: 9 },
    { call: 'fdatasync', error: 'EIO', nth: 5 },
  ];

  test.each([...points, ...(everyCase ? further : [])])(
    '%o: no answer is untrue, and after a restart each message has one effect',
    async (point) => {
      const report = await failingIo(`${folder.path}/${point.call}-${point.nth}.db`, point, 6);
      expect(report).toMatchObject({ failed: true, integrity: 'ok', untrue: [], notOne: [] });
      // What the kernel could not write it may have forgotten: nothing is taken after a failed fsync, and the gateway says so.
      expect(report.ready).toBe(point.call === 'fdatasync' ? 503 : 200);
    },
  );
});
