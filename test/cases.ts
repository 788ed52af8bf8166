/** Whether a run takes every case, and not some of them: `npm run test:full`, which `.ci/run` calls. */
export const everyCase = process.env['CASES'] === 'all';

/** How many cases a test that makes up its own runs: all, or the share of them that `npm test` has the time for. */
export function cases(all: number, some: number): number {
  return everyCase ? all : some;
}
