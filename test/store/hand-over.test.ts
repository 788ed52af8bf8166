import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { arrivalOf } from './contract-journal.ts';
import { resourceWith, testSettings } from './harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'chartbridge-hand-over-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LONG = 'a\u00e9\u20ac\u{1f600}"\\'.repeat(200_000);

test('texts of megabytes are kept as they were written, made, changed and brought back', async () => {
  const store = await openSqliteStore({ ...testSettings(), path: join(folder, 'texts.db') });
  const write = (id: string, said: string) => ({ type: 'Basic', id, resource: resourceWith('Basic', id, {}, { said }) });
  const kept = async (id: string) => JSON.parse((await store.read('Basic', id))?.json ?? '{}') as Record<string, unknown>;
  await store.commit({ writes: [write('a', LONG), write('b', 'short')] });
  expect(await kept('a')).toMatchObject({ resourceType: 'Basic', id: 'a', said: LONG, meta: { versionId: '1' } });
  const changed = await store.commit({ writes: [write('a', 'short'), write('b', `${LONG}!`)] });
  expect(changed.ok && changed.versions.map(({ json }) => (JSON.parse(json) as { said: string }).said)).toEqual(['short', `${LONG}!`]);
  expect(await kept('b')).toMatchObject({ said: `${LONG}!` });
  expect(JSON.parse((await store.readVersion('Basic', 'a', 1))?.json ?? '{}')).toMatchObject({ said: LONG });
  await store.commit({ writes: [{ type: 'Basic', id: 'a' }] });
  await store.commit({ writes: [write('a', LONG)] });
  expect(await kept('a')).toMatchObject({ said: LONG, meta: { versionId: '4' } });
  await store.close();
});

test('a message of megabytes is kept byte for byte, whether or not its bytes have a buffer of their own', async () => {
  const store = await openSqliteStore({ ...testSettings(), path: join(folder, 'messages.db') });
  const bytes = Buffer.from(LONG);
  const around = Buffer.concat([Buffer.from('before'), bytes, Buffer.from('after')]);
  await store.journal.receive({ ...arrivalOf('alone', 'C1', ''), raw: Uint8Array.from(bytes) });
  await store.journal.receive({ ...arrivalOf('within', 'C2', ''), raw: around.subarray(6, -5) });
  for (const id of ['alone', 'within']) expect(Buffer.compare((await store.journal.raw(id)) ?? new Uint8Array(), bytes)).toBe(0);
  expect(around.length).toBe(bytes.length + 11);
  await store.close();
});

test('what is small passes a large job by, which is not put off for ever', async () => {
  const store = await openSqliteStore({ ...testSettings(), path: join(folder, 'order.db') });
  const order: string[] = [];
  const put = async (id: string, said: string) => {
    await store.commit({ writes: [{ type: 'Basic', id, resource: resourceWith('Basic', id, {}, { said }) }] });
    order.push(id);
  };
  const first = put('first', LONG);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const stream = async () => {
    for (let count = 0; !order.includes('large'); count += 1) await put(`small-${count}`, 'little');
  };
  await Promise.all([first, stream(), put('large', LONG)]);
  expect(order.indexOf('large')).toBeGreaterThan(order.indexOf('small-0'));
  expect(await store.read('Basic', 'large')).toBeDefined();
  await store.close();
});
