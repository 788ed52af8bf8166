import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { openWriting } from '../../src/store/sqlite/connection.ts';
import { errorOf } from '../../src/store/sqlite/database-error.ts';
import { logLengthOf } from '../../src/store/sqlite/log-length.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { Statements } from '../../src/store/sqlite/statements.ts';
import { Writer } from '../../src/store/sqlite/writer.ts';
import type { Store } from '../../src/store/store.ts';
import { resourceWith, testSettings } from './harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'chartbridge-log-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PAGES = 8_000;
const TEXT = 'x'.repeat(4_000_000);

const put = (store: Store, id: string, said = 'little') =>
  store.commit({ writes: [{ type: 'Basic', id, resource: resourceWith('Basic', id, {}, { said }) }] });

/** More than makes the log due. */
async function putMuch(store: Store): Promise<void> {
  for (let at = 0; at < 9; at += 1) await put(store, `much-${at}`, TEXT);
}

test('a long log is carried into the file beside the writer, and begun anew by what is written next', async () => {
  const path = join(folder, 'carried.db');
  const store = await openSqliteStore({ ...testSettings(), path });
  const length = logLengthOf(path);
  await putMuch(store);
  expect(length().pages).toBeGreaterThan(PAGES);
  await vi.waitFor(() => expect(length().carried).toBe(length().pages), { timeout: 30_000 });
  await put(store, 'next');
  expect(length().pages).toBeLessThan(PAGES / 4);
  await store.close();
  const again = await openSqliteStore({ ...testSettings(), path });
  expect((await again.read('Basic', 'much-8'))?.json).toContain(TEXT);
  expect((await again.read('Basic', 'next'))?.json).toContain('little');
  await again.close();
});

test('while a reader holds on to an old state the log stays, and everything is written all the same', async () => {
  const path = join(folder, 'held.db');
  const store = await openSqliteStore({ ...testSettings(), path });
  const length = logLengthOf(path);
  const reader = new DatabaseSync(path, { readOnly: true });
  reader.exec('BEGIN; SELECT count(*) FROM node');
  await putMuch(store);
  await putMuch(store);
  expect(length().carried).toBeLessThan(PAGES);
  reader.close();
  // each time a little: what is looked at after a transaction
  await vi.waitFor(
    async () => {
      await put(store, 'little', 'x'.repeat(900_000));
      expect(length().pages).toBeLessThan(PAGES);
    },
    { timeout: 30_000 },
  );
  expect((await store.read('Basic', 'much-0'))?.json).toContain(TEXT);
  await store.close();
});

test('after a flush of the file that failed nothing is accepted any more; a file without room is tried again', () => {
  const database = openWriting(join(folder, 'failed.db'));
  const writer = new Writer(new Statements(database));
  writer.notCarried({ code: 13, message: 'database or disk is full' });
  expect(writer.run([{ kind: 'health' }])).toMatchObject([{ kind: 'health', reason: undefined }]);
  writer.notCarried({ code: 1034, message: 'disk I/O error' });
  const [outcome] = writer.run([{ kind: 'health' }]);
  expect(outcome?.kind === 'fault' && errorOf(outcome.fault)).toMatchObject({ issues: [{ id: 'store-unavailable' }] });
  database.close();
});
