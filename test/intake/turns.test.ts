import { expect, test } from 'vitest';
import { createTurns } from '../../src/intake/turns.ts';

test('tasks get their turns in the order they asked, one to each, and the event loop goes on in between', async () => {
  const nextTurn = createTurns();
  const seen: string[] = [];
  const tasks = ['a', 'b', 'c', 'd', 'e'].map(async (name) => {
    await nextTurn();
    seen.push(name);
    if (name === 'b') setImmediate(() => seen.push('-'));
  });
  await Promise.all(tasks);
  expect(seen.join('')).toBe('abc-de');
});

test('a turn comes again after all were given', async () => {
  const nextTurn = createTurns();
  await nextTurn();
  await Promise.all([nextTurn(), nextTurn()]);
});
