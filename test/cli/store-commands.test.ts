import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { digestOf, type StoreDigest } from '../../src/store/store-digest.ts';
import { testSettings } from '../store/harness.ts';
import { fillStore } from '../store/kept-content.ts';

const root = resolve(import.meta.dirname, '../..');
const settings = testSettings();
let folder: string;
let kept: StoreDigest;
const at = (name: string): string => join(folder, name);

/** Runs a command in its own process; its exit code and what it said. */
async function chartbridge(words: string[], database: string): Promise<{ code: number; said: string }> {
  const env = { PATH: process.env['PATH'], DATABASE_URL: database };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['chartbridge.js', ...words], { cwd: root, env });
    return { code: 0, said: stdout + stderr };
  } catch (error) {
    const failed = error as { code: number; stdout: string; stderr: string };
    return { code: failed.code, said: failed.stdout + failed.stderr };
  }
}

async function digestAt(name: string): Promise<StoreDigest> {
  const store = await openSqliteStore({ ...settings, path: at(name) });
  const digest = await digestOf(store);
  await store.close();
  return digest;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chartbridge-cli-'));
  const store = await openSqliteStore({ ...settings, path: at('live.db') });
  await fillStore(store, settings.clock);
  kept = await digestOf(store);
  await store.close();
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('chartbridge', () => {
  test('backup, restore --check and restore: what was there is there', async () => {
    const live = `sqlite:${at('live.db')}`;
    expect(await chartbridge(['backup', at('copy.db')], live)).toMatchObject({ code: 0 });
    expect(await chartbridge(['backup', at('copy.db')], live)).toMatchObject({ code: 1 });
    expect(await chartbridge(['restore', at('copy.db'), '--check'], live)).toMatchObject({ code: 0 });
    expect(await chartbridge(['restore', at('copy.db')], live)).toMatchObject({ code: 1 });
    expect(await chartbridge(['restore', at('copy.db')], `sqlite:${at('new/place.db')}`)).toMatchObject({ code: 0 });
    expect(await digestAt('new/place.db')).toEqual(kept);
  });

  test('backup and restore of what is no SQLite file are refused', async () => {
    expect(await chartbridge(['backup', at('copy.db')], 'sqlite::memory:')).toMatchObject({ code: 2 });
    expect(await chartbridge(['restore', at('copy.db')], 'mongodb://127.0.0.1/x')).toMatchObject({ code: 2 });
    expect(await chartbridge(['backup'], `sqlite:${at('live.db')}`)).toMatchObject({ code: 2 });
  });

  test('migrate copies one store into another, and none that is not there', async () => {
    const words = ['migrate', '--from', `sqlite:${at('live.db')}`, '--to', `sqlite:${at('other.db')}`];
    const done = await chartbridge(words, '');
    expect(done).toMatchObject({ code: 0, said: expect.stringContaining('452 versions, 5 messages, 250 claims, 250 documents') });
    expect(await digestAt('other.db')).toEqual(kept);
    expect(await chartbridge(words, '')).toMatchObject({ code: 1 });
    expect(await chartbridge(['migrate', '--from', `sqlite:${at('none.db')}`, '--to', `sqlite:${at('x.db')}`], '')).toMatchObject({
      code: 1,
    });
    expect(existsSync(at('none.db'))).toBe(false);
    expect(await chartbridge(['migrate'], '')).toMatchObject({ code: 2 });
  });
});
