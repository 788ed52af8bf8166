import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Disk, watchDisk } from '../../src/retention/disk.ts';
import type { Store } from '../../src/store/store.ts';
import { openStore } from '../intake/harness.ts';
import { arrivalOf } from '../store/contract-journal.ts';

const MIB = 1024 * 1024;
const SIZE = 4 * MIB;
let folder: string;
let free: number;
let disk: Disk;
let store: Store;
let kept: Store;
const watch = () =>
  watchDisk({
    folder,
    reserve: { path: join(folder, 'reserve'), size: SIZE },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    // what the reserve takes is not free
    measure: () => ({ free: free - (statSync(join(folder, 'reserve'), { throwIfNoEntry: false })?.size ?? 0), total: 100 * MIB }),
  });
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'disk-'));
  free = 50 * MIB;
  disk = watch();
  kept = await openStore(join(folder, 'a.db'));
  store = disk.guard(kept);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});
const receive = (id: string) => store.journal.receive(arrivalOf(id, id, id));
const write = () => store.commit({ writes: [{ type: 'Basic', id: 'a', resource: { resourceType: 'Basic', id: 'a' } }] });
const noRoom = { issues: [{ id: 'disk-full' }] };

test('room is taken in good times and given up when the disk is full; nothing new is taken then, what is there can be read and deleted', async () => {
  expect(disk.state.reserve).toBe('none');
  await disk.check();
  expect([disk.state.reserve, statSync(join(folder, 'reserve')).size]).toEqual(['kept', SIZE]);
  await receive('m1');
  await store.commit({ messages: [{ id: 'm1', from: ['received'], status: 'processed' }] });
  free = SIZE + 100_000;
  expect(await store.health()).toMatch(/full/);
  expect([disk.state.reserve, disk.state.isFull]).toEqual(['given up', true]);
  await expect(receive('m2')).rejects.toMatchObject(noRoom);
  await expect(write()).rejects.toMatchObject(noRoom);
  expect((await store.journal.get('m1'))?.status).toBe('processed');
  const forget = { id: 'm1', from: ['processed'], status: 'processed', forget: 'row' } as const;
  expect(await store.commit({ messages: [forget], documents: [{ kind: 'a', key: 'b', json: '{}' }] })).toMatchObject({ ok: true });
});

test('what was given up is owed: only more room than that ends it, and more still makes the reserve again', async () => {
  await disk.check();
  free = SIZE + 100_000;
  await disk.check();
  free = SIZE + 1.5 * MIB;
  await disk.check();
  expect([disk.state.isFull, disk.state.reserve]).toEqual([true, 'given up']);
  free = SIZE + 3 * MIB;
  await disk.check();
  expect([disk.state.isFull, disk.state.reserve]).toEqual([false, 'given up']);
  await receive('m3');
  free = 3 * SIZE;
  await disk.check();
  expect(disk.state.reserve).toBe('kept');
});

test('room within the database counts', async () => {
  await disk.check();
  await receive('m1');
  for (let number = 0; number < 8; number += 1) {
    const { row } = await store.journal.receive(arrivalOf(`big${number}`, `big${number}`, 'x'.repeat(MIB)));
    await store.commit({ messages: [{ id: row.id, from: ['received'], status: 'processed' }] });
  }
  free = SIZE;
  await disk.check();
  expect(disk.state.isFull).toBe(true);
  for (let number = 0; number < 8; number += 1)
    await store.commit({ messages: [{ id: `big${number}`, from: ['processed'], status: 'processed', forget: 'content' }] });
  await disk.check();
  expect(disk.state.isFull).toBe(false);
});

test('a start on a full disk gives up the reserve before the database is opened, and remembers it', async () => {
  await disk.check();
  free = SIZE + 1000;
  const second = watch();
  expect([second.state.reserve, second.state.isFull]).toEqual(['given up', true]);
  expect(watch().state.isFull).toBe(true);
});

test('a disk too small for a reserve has none, and the database itself says when it is full', async () => {
  free = SIZE;
  await disk.check();
  expect([disk.state.reserve, disk.state.isFull]).toEqual(['none', false]);
  await receive('m1');
});

test('a reserve that another stop cut short is made again', async () => {
  writeFileSync(join(folder, 'reserve'), 'cut');
  await disk.check();
  expect([disk.state.reserve, statSync(join(folder, 'reserve')).size]).toEqual(['kept', SIZE]);
});
