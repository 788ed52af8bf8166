import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { storeContract } from './contract.ts';
import { cases, everyCase } from '../cases.ts';

const folder = mkdtempSync(join(tmpdir(), 'chartbridge-store-'));
const paths = new WeakMap<Store, string>();
let number = 0;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

storeContract('SQLite, a file', {
  async open(settings) {
    number += 1;
    const path = join(folder, `${number}.db`);
    const store = await openSqliteStore({ ...settings, path });
    paths.set(store, path);
    return store;
  },
  runs: 10,
  async reopen(store, settings) {
    await store.close();
    return openSqliteStore({ ...settings, path: paths.get(store) ?? '' });
  },
});

// Between the two others: it writes as the one does, and looks as the other does.
describe.skipIf(!everyCase)('with every case', () => {
  storeContract('SQLite, in memory', { runs: 200, open: (settings) => openSqliteStore({ ...settings, path: ':memory:' }) });
});

storeContract('SQLite, in memory, where every index counts as large', {
  runs: cases(200, 40),
  open: (settings) => openSqliteStore({ ...settings, path: ':memory:', small: 3 }),
});
