import { expect, test } from 'vitest';
import { createGatheredBytes } from '../../src/wire/gathered-bytes.ts';

test('pieces come out whole, or the first of them, and what had its memory to itself gives it back', () => {
  const pieces = [2_000, 3, 5_000].map((length, index) => new Uint8Array(length).fill(index + 1));
  const expected = Buffer.concat(pieces);
  const gathered = createGatheredBytes();
  for (const piece of pieces) gathered.add(piece);
  expect(gathered.take()).toEqual(expected);
  expect(pieces.map(({ length }) => length)).toEqual([0, 3, 0]);
  expect(gathered.length).toBe(0);
  const shared = Buffer.alloc(10_000, 'x');
  gathered.add(shared.subarray(0, 4_000));
  gathered.add(shared.subarray(4_000));
  expect(gathered.take(4_500)).toEqual(shared.subarray(0, 4_500));
  expect(shared.length).toBe(10_000);
});

test('a single piece is handed on as it is', () => {
  const gathered = createGatheredBytes();
  const piece = new Uint8Array(5_000);
  gathered.add(piece);
  expect(gathered.take()).toBe(piece);
  expect(piece.length).toBe(5_000);
});
