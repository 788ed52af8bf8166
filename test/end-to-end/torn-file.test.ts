import { afterAll, expect, test } from 'vitest';
import { scratchFolder } from './gateway.ts';
import { tornCopies } from './torn-file.ts';

const folder = scratchFolder();
afterAll(() => folder.remove());

// 1,000 cuts are in test/long.
test('a database whose log is cut anywhere opens whole, with a beginning of what was written and nothing half applied', async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  const copies = await tornCopies(folder.path, 50, seed);
  console.log(`torn copies with SEED=${seed}: ${copies.map(({ survivors }) => survivors).join(' ')}`);
  expect(copies.filter(({ integrity, afterAGap, halfApplied }) => integrity !== 'ok' || afterAGap > 0 || halfApplied > 0)).toEqual([]);
  // The cuts did cut: some copies lost what was written last, none of them everything.
  expect(new Set(copies.map(({ survivors }) => survivors)).size).toBeGreaterThan(5);
});
