import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { backupDatabase, manifestPath, restoreDatabase, verifyBackup } from '../../src/store/sqlite/backup.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { digestOf } from '../../src/store/store-digest.ts';
import type { Store } from '../../src/store/store.ts';
import { resourceWith, testSettings } from './harness.ts';
import { fillStore } from './kept-content.ts';

const settings = testSettings();
const now = new Date('2026-01-02T09:30:00Z');
let folder: string;
let store: Store;
const at = (name: string): string => join(folder, name);
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chartbridge-backup-'));
  store = await openSqliteStore({ ...settings, path: at('live.db') });
  await fillStore(store, settings.clock);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

describe('a backup', () => {
  test('of a database in use, restored elsewhere, holds all there was and can be written to', async () => {
    const before = await digestOf(store);
    const manifest = await backupDatabase(at('live.db'), at('copy.db'), now);
    expect(manifest).toMatchObject({ made: now.toISOString(), counts: { message: 5, claim: 250 } });
    await store.commit({ writes: [{ type: 'Basic', id: 'later', resource: resourceWith('Basic', 'later') }] });

    await restoreDatabase(at('copy.db'), at('restored.db'));
    const restored = await openSqliteStore({ ...settings, path: at('restored.db') });
    expect(await digestOf(restored)).toEqual(before);
    expect(await restored.health()).toBeUndefined();
    expect(await restored.commit({ writes: [{ type: 'Basic', id: 'b', resource: resourceWith('Basic', 'b') }] })).toMatchObject({
      ok: true,
    });
    await restored.close();
    expect(await verifyBackup(at('copy.db'))).toEqual(manifest);
  });

  test('taken while others write is one state of the database', async () => {
    const over = new AbortController();
    const writer = (async () => {
      for (let round = 0; !over.signal.aborted; round += 1)
        await store.commit({
          writes: ['a', 'b'].map((id) => ({ type: 'Basic', id, resource: resourceWith('Basic', id, {}, { round }) })),
        });
      return true;
    })();
    await backupDatabase(at('live.db'), at('copy.db'), now);
    over.abort();
    await writer;
    const copy = await openSqliteStore({ ...settings, path: at('copy.db') });
    const rounds = (await copy.readMany(['a', 'b'].map((id) => ({ type: 'Basic', id })))).map((v) =>
      v === undefined ? undefined : (JSON.parse(v.json) as { round: number }).round,
    );
    expect(rounds[0]).toBe(rounds[1]);
    await copy.close();
  });

  test('is never written over anything', async () => {
    await backupDatabase(at('live.db'), at('copy.db'), now);
    const refused = { issues: [{ id: 'target-not-empty' }] };
    await expect(backupDatabase(at('live.db'), at('copy.db'), now)).rejects.toMatchObject(refused);
    await expect(restoreDatabase(at('copy.db'), at('live.db'))).rejects.toMatchObject(refused);
    writeFileSync(at('gone.db-wal'), '');
    await expect(restoreDatabase(at('copy.db'), at('gone.db'))).rejects.toMatchObject(refused);
    await expect(backupDatabase(at('none.db'), at('other.db'), now)).rejects.toMatchObject({ issues: [{ id: 'store-unavailable' }] });
  });

  test.each<[string, (path: string) => void]>([
    ['cut', (path) => truncateSync(path, 100_000)],
    ['with one byte changed', (path) => spoil(path, 50_000)],
    ['with the first page spoilt', (path) => spoil(path, 3)],
    ['without its manifest', (path) => rmSync(manifestPath(path))],
    ['with a manifest that is none', (path) => writeFileSync(manifestPath(path), '{"sha256":')],
    ['that is not there', (path) => rmSync(path)],
    ['with the manifest of another', (path) => edit(path, { counts: {} })],
  ])('%s is refused, and nothing is restored', async (_name, harm) => {
    await backupDatabase(at('live.db'), at('copy.db'), now);
    harm(at('copy.db'));
    await expect(restoreDatabase(at('copy.db'), at('restored.db'))).rejects.toMatchObject({ issues: [{ id: 'backup-invalid' }] });
    expect(existsSync(at('restored.db'))).toBe(false);
  });

  test('of a file that is no database is refused', async () => {
    writeFileSync(at('text.db'), 'not a database, whatever it is called'.repeat(100));
    await expect(backupDatabase(at('text.db'), at('copy.db'), now)).rejects.toBeDefined();
    expect(existsSync(at('copy.db'))).toBe(false);
  });
});

function spoil(path: string, place: number): void {
  const bytes = readFileSync(path);
  bytes[place] = (bytes[place] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
}

function edit(path: string, change: object): void {
  const manifest = JSON.parse(readFileSync(manifestPath(path), 'utf8')) as object;
  copyFileSync(manifestPath(path), `${manifestPath(path)}.old`);
  writeFileSync(manifestPath(path), JSON.stringify({ ...manifest, ...change }));
}
