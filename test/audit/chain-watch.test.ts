import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { archiveTrail } from '../../src/audit/archive.ts';
import { keyOf, type Link } from '../../src/audit/chain.ts';
import { watchChain } from '../../src/audit/chain-watch.ts';
import { LINKS } from '../../src/audit/kept-trail.ts';
import { openSpool } from '../../src/audit/spool.ts';
import { createTrail } from '../../src/audit/trail.ts';
import { verifyTrail } from '../../src/audit/verify-trail.ts';
import { overStore } from '../../src/store/over-store.ts';
import type { Store } from '../../src/store/store.ts';
import { scratchFolder } from '../end-to-end/gateway.ts';
import { openStore } from '../intake/harness.ts';
import { readRecord } from './read-record.ts';

let store: Store;
let folder: ReturnType<typeof scratchFolder>;
beforeEach(async () => {
  store = await openStore();
  folder = scratchFolder();
});
afterEach(async () => {
  await store.close();
  folder.remove();
});

async function write(links: number, from = 0): Promise<void> {
  const trail = createTrail(store);
  for (let number = 0; number < links; number += 1) await trail.record(readRecord(`r${from + number}`));
}

/** So many steps that a chain of this test is gone over once more. */
async function goOver(watch: ReturnType<typeof watchChain>): Promise<number | undefined> {
  for (let step = 0; step < 12; step += 1) await watch.step();
  return watch.brokenAt;
}

async function kept(number: number): Promise<{ key: { kind: string; key: string }; text: string }> {
  const key = { kind: LINKS, key: keyOf(number) };
  return { key, text: (await store.documents([key]))[0] as string };
}

describe('a chain that is gone over while the gateway runs', () => {
  test('is whole while it grows and while its front is archived', async () => {
    const watch = watchChain(store);
    expect(await goOver(watch)).toBeUndefined();
    await write(120);
    for (let step = 0; step < 10; step += 1) {
      await watch.step();
      await write(7, 1000 + 7 * step);
    }
    expect(watch.brokenAt).toBeUndefined();
    const archived = await archiveTrail(store, { path: `${folder.path}/a`, before: Date.now(), now: new Date(), newId: () => 'archive' });
    expect(archived?.to).toBeGreaterThan(100);
    expect(await goOver(watch)).toBeUndefined();
  });

  test.each(['changed', 'no link', 'no JSON', 'missing', 'cut off at the end'])(
    'with a link that is %s is told, until it is whole again',
    async (what) => {
      await write(130);
      const watch = watchChain(store);
      expect(await goOver(watch)).toBeUndefined();
      const { key, text } = await kept(what === 'cut off at the end' ? 130 : 77);
      const link = JSON.parse(text) as Link;
      const changed = JSON.stringify({ ...link, records: [{ ...link.records[0], client: 'nobody' }] });
      const texts: Record<string, string> = { changed, 'no link': '{"number":77}', 'no JSON': text.slice(0, -3) };
      await store.commit({ documents: [{ ...key, ...(texts[what] === undefined ? {} : { json: texts[what] }) }] });
      expect((await verifyTrail(store)).faults.length).toBeGreaterThan(0);
      expect(await goOver(watch)).toBe({ changed: 77, missing: 78, 'no link': 78, 'no JSON': 78, 'cut off at the end': 130 }[what]);
      await store.commit({ documents: [{ ...key, json: text }] });
      expect(await goOver(watch)).toBeUndefined();
    },
  );
});

test.each(['head', 'start'])('a %s that nobody can read is told too', async (key) => {
  await write(3);
  const watch = watchChain(store);
  await store.commit({ documents: [{ kind: 'audit-state', key, json: 'x' }] });
  if (key === 'head') expect(await goOver(watch)).toBe(0);
  expect((await verifyTrail(store)).faults.length > 0).toBe(key === 'head');
});

describe('how a trail is', () => {
  let isDown: boolean;
  const flaky = () =>
    overStore(store, {
      commit: (change) => (isDown ? Promise.reject(new Error('no space')) : store.commit(change)),
      health: () => Promise.resolve(isDown ? 'down' : undefined),
    });
  beforeEach(() => (isDown = true));

  test('without a spool: it fails until the database takes a write', async () => {
    const trail = createTrail(flaky());
    expect(await trail.check()).toEqual({ isFailing: false, waitingSince: undefined });
    await expect(trail.record(readRecord('x'))).rejects.toThrow('no space');
    expect([(await trail.check()).isFailing, (await trail.check()).isFailing]).toEqual([true, true]);
    isDown = false;
    expect((await trail.check()).isFailing).toBe(false);
  });

  test('with one: it fails and is behind until what waits is in the chain', async () => {
    const spool = openSpool(folder.path, 1);
    const trail = createTrail(flaky(), spool);
    await trail.record(readRecord('x'));
    await trail.flush();
    expect(await trail.check()).toEqual({ isFailing: true, waitingSince: Date.parse('2026-01-02T09:30:00.000Z') });
    isDown = false;
    await trail.idle();
    expect(await trail.check()).toEqual({ isFailing: false, waitingSince: undefined });
    spool.close();
  });

  test('with a spool that cannot be written: it fails until that can be', async () => {
    isDown = false;
    let isFull = true;
    const spool = openSpool(folder.path, 1);
    const full = () => {
      if (isFull) throw new Error('no space');
    };
    const trail = createTrail(flaky(), { ...spool, add: (records) => (full(), spool.add(records)), probe: () => (full(), spool.probe()) });
    await expect(trail.record(readRecord('x'))).rejects.toThrow('no space');
    expect([(await trail.check()).isFailing, (await trail.check()).isFailing]).toEqual([true, true]);
    isFull = false;
    expect((await trail.check()).isFailing).toBe(false);
    await trail.record(readRecord('y'));
    await trail.idle();
    spool.close();
  });
});
