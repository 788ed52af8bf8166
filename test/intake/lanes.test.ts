import { expect, test } from 'vitest';
import { createLanes } from '../../src/intake/lanes.ts';

const after = (turns: number): Promise<void> => (turns === 0 ? Promise.resolve() : Promise.resolve().then(() => after(turns - 1)));

test('tasks of one patient run in their order, however long each takes', async () => {
  const lanes = createLanes();
  const ended: number[] = [];
  await Promise.all([30, 1, 10].map((turns, index) => lanes.run(['p'], () => after(turns).then(() => void ended.push(index)))));
  expect(ended).toEqual([0, 1, 2]);
});

test('tasks of different patients do not wait for each other', async () => {
  const lanes = createLanes();
  const ended: string[] = [];
  await Promise.all([
    lanes.run(['slow'], () => after(50).then(() => void ended.push('slow'))),
    lanes.run(['quick'], () => after(1).then(() => void ended.push('quick'))),
  ]);
  expect(ended).toEqual(['quick', 'slow']);
});

test('a merge waits for both patients and holds both back', async () => {
  const lanes = createLanes();
  const ended: string[] = [];
  const task = (name: string, turns: number) => () => after(turns).then(() => void ended.push(name));
  await Promise.all([
    lanes.run(['a'], task('a', 20)),
    lanes.run(['b'], task('b', 5)),
    lanes.run(['a', 'b'], task('merge', 1)),
    lanes.run(['b'], task('b again', 1)),
  ]);
  expect(ended).toEqual(['b', 'a', 'merge', 'b again']);
});

test('a task that fails does not stop its lane', async () => {
  const lanes = createLanes();
  await expect(lanes.run(['p'], () => Promise.reject(new TypeError('x')))).rejects.toThrow(TypeError);
  expect(await lanes.run(['p'], () => Promise.resolve('next'))).toBe('next');
  await lanes.idle();
  expect(lanes.depth).toBe(0);
});
