import { afterAll, expect, test } from 'vitest';
import { scratchFolder } from '../end-to-end/gateway.ts';
import { tornCopies } from '../end-to-end/torn-file.ts';
import { publish } from './figures.ts';

const folder = scratchFolder();
afterAll(() => folder.remove());

test('1,000 copies with the log cut anywhere: each opens whole, with a beginning of what was written', { timeout: 3_600_000 }, async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  const copies = await tornCopies(folder.path, Number(process.env['CUTS'] ?? 1000), seed);
  const damaged = copies.filter(({ integrity }) => integrity !== 'ok');
  const gaps = copies.filter(({ afterAGap }) => afterAGap > 0);
  const half = copies.filter(({ halfApplied }) => halfApplied > 0);
  publish('T-03 torn files', {
    cuts: copies.length,
    'copies that fail integrity_check': damaged.length,
    'copies with a gap in the order of commits': gaps.length,
    'copies with a message half applied': half.length,
    seed,
  });
  expect([damaged, gaps, half]).toEqual([[], [], []]);
});
