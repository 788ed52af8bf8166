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

test('many megabytes in pieces of any size come out byte for byte, and leave nothing behind', () => {
  const gathered = createGatheredBytes();
  const all = Buffer.alloc(40_000_000, 'the quick brown fox').map((byte, index) => byte ^ (index >> 16));
  for (const last of [40_000_000, 1_048_577, 3_000_000]) {
    for (let at = 0, size = 1; at < last; at += size, size = Math.min(size * 3, 65_536))
      gathered.add(all.slice(at, Math.min(at + size, last)));
    expect(gathered.length).toBe(last);
    const taken = gathered.take();
    expect(Buffer.compare(taken, all.subarray(0, last))).toBe(0);
    expect(taken.buffer.byteLength).toBe(last);
    expect(gathered.length).toBe(0);
  }
  for (let at = 0; at < 3_000_000; at += 50_000) gathered.add(all.slice(at, at + 50_000));
  expect(Buffer.compare(gathered.take(70_000), all.subarray(0, 70_000))).toBe(0);
  expect(gathered.take()).toHaveLength(0);
});
