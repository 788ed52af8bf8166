import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openReading, openWriting, whyNotDurable } from '../../src/store/sqlite/connection.ts';
import { errorOf, faultOf, isLasting } from '../../src/store/sqlite/database-error.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { SCHEMA_VERSION, STEPS, upgradeSchema } from '../../src/store/sqlite/schema.ts';
import { Statements } from '../../src/store/sqlite/statements.ts';
import type { Job } from '../../src/store/sqlite/write-job.ts';
import { Writer } from '../../src/store/sqlite/writer.ts';
import type { Write } from '../../src/store/store.ts';
import { arrivalOf } from './contract-journal.ts';
import { resourceWith, testSettings } from './harness.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartbridge-faults-'));
  path = join(folder, 'store.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const writeOf = (id: string, more: Record<string, unknown> = {}): Write => ({
  type: 'Basic',
  id,
  resource: resourceWith('Basic', id, {}, more),
});
const change = (id: string): Job => ({
  kind: 'change',
  change: { now: 0, guards: [], writes: [{ type: 'Basic', id, tail: '}' }] },
});

describe('durability', () => {
  test('every connection that writes has FULL and a write-ahead log, also on a file that is opened again', () => {
    for (let opened = 0; opened < 2; opened += 1) {
      const database = openWriting(path);
      expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
      expect(whyNotDurable(database)).toBeUndefined();
      database.close();
    }
    const reading = openReading(path);
    expect(whyNotDurable(reading)).toBeUndefined();
    expect(() => reading.exec("INSERT INTO claim VALUES ('a', 'b')")).toThrow(/readonly/);
    reading.close();
  });

  test('a connection that would answer before the disk has it says so', () => {
    const database = openWriting(path);
    database.exec('PRAGMA synchronous = NORMAL');
    expect(whyNotDurable(database)).toMatch(/synchronous/);
    database.exec('PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE');
    expect(whyNotDurable(database)).toMatch(/journal_mode/);
    database.close();
  });

  test('the health of a writer that lost FULL is not well', () => {
    const database = openWriting(path);
    const writer = new Writer(new Statements(database));
    expect(writer.run([{ kind: 'health' }])).toEqual([{ kind: 'health', reason: undefined }]);
    database.exec('PRAGMA synchronous = OFF');
    expect(writer.run([{ kind: 'health' }])).toEqual([{ kind: 'health', reason: 'synchronous is 0, not FULL' }]);
    database.close();
  });
});

describe('schema', () => {
  test('a database of a newer schema is refused with both numbers', async () => {
    const database = openWriting(path);
    database.prepare('UPDATE chartbridge SET schema = ?').run(SCHEMA_VERSION + 1);
    database.close();
    await expect(openSqliteStore({ ...testSettings(), path })).rejects.toMatchObject({
      issues: [{ id: 'store-newer', parameters: { found: String(SCHEMA_VERSION + 1), known: String(SCHEMA_VERSION) } }],
    });
  });

  test('a database of this schema is left as it is', () => {
    const database = openWriting(path);
    const before = database.prepare('SELECT count(*) AS n FROM sqlite_schema').get();
    upgradeSchema(database);
    expect(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()).toEqual(before);
    database.close();
  });

  test('a database of the first schema is brought up to this one; its versions are taken for PUT', async () => {
    const old = join(folder, 'first.db');
    const database = new DatabaseSync(old);
    database.exec(STEPS[0] as string);
    database.exec('CREATE TABLE chartbridge (one INTEGER PRIMARY KEY CHECK (one = 1), schema INTEGER NOT NULL)');
    database.exec(`INSERT INTO chartbridge VALUES (1, 1);
      INSERT INTO type VALUES (1, 'Patient');
      INSERT INTO node VALUES (1, 1, 'p', 2, 2, 2000, 0, '{"n":2}');
      INSERT INTO past VALUES (1, 1, 1, 1, 1000, 0, '{"n":1}');
      INSERT INTO document VALUES ('facts', 'Patient/p|HIS', '{"at":1}')`);
    database.close();
    const store = await openSqliteStore({ ...testSettings(), path: old });
    expect((await store.history({ count: 9 })).versions).toMatchObject([
      { version: 2, method: 'PUT', created: false, json: '{"n":2}' },
      { version: 1, method: 'PUT', created: true, json: '{"n":1}' },
    ]);
    expect(await store.listDocuments('facts', '', 9)).toEqual([{ key: 'Patient/p|HIS', json: '{"at":1}' }]);
    await store.commit({ writes: [{ ...writeOf('p'), type: 'Patient', method: 'PATCH' }] });
    expect(await store.read('Patient', 'p')).toMatchObject({ version: 3, method: 'PATCH' });
    await store.close();
  });

  test('what is no database is refused', async () => {
    await expect(openSqliteStore({ ...testSettings(), path: folder })).rejects.toMatchObject({ issues: [{ id: 'store-unavailable' }] });
  });
});

describe('faults', () => {
  test('another process that holds the database makes the store busy, and the store goes on when it lets go', {
    timeout: 20_000,
  }, async () => {
    const store = await openSqliteStore({ ...testSettings(), path });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    await expect(store.commit({ writes: [writeOf('a')] })).rejects.toMatchObject({ issues: [{ id: 'store-busy' }] });
    other.exec('ROLLBACK');
    other.close();
    expect(await store.commit({ writes: [writeOf('a')] })).toMatchObject({ ok: true });
    await store.close();
  });

  test('a full disk refuses what came together, keeps what was there, and the store goes on when there is room again', () => {
    const database = openWriting(path);
    const statements = new Statements(database);
    const writer = new Writer(statements);
    expect(writer.run([change('a')])).toMatchObject([{ kind: 'change', written: { ok: true, seq: 1 } }]);
    const pages = Number(database.prepare('PRAGMA page_count').get()?.['page_count']);
    database.exec(`PRAGMA max_page_count = ${pages}`);
    const big: Job = {
      kind: 'change',
      change: { now: 0, guards: [], writes: [{ type: 'Basic', id: 'b', tail: `},"x":"${'x'.repeat(1e6)}"}` }] },
    };
    const outcomes = writer.run([change('c'), big]);
    expect(outcomes.map((outcome) => outcome.kind === 'fault' && errorOf(outcome.fault))).toMatchObject([
      { issues: [{ id: 'store-unavailable' }] },
      { issues: [{ id: 'store-unavailable' }] },
    ]);
    expect(statements.all('SELECT id FROM node WHERE version > 0')).toEqual([{ id: 'a' }]);
    database.exec('PRAGMA max_page_count = 1000000');
    expect(writer.run([change('c'), big])).toMatchObject([{ written: { ok: true, seq: 2 } }, { written: { ok: true, seq: 3 } }]);
    database.close();
  });

  test('after a failed fsync, or a corrupt file, nothing is accepted any more; after a full disk it is', () => {
    const fault = (code: number): Parameters<typeof isLasting>[0] => ({ code, message: '' });
    expect([1034, 1290, 11, 26].map((code) => isLasting(fault(code)))).toEqual([true, true, true, true]);
    expect([13, 10, 266, 5].map((code) => isLasting(fault(code)))).toEqual([false, false, false, false]);
  });

  test('a writer whose fsync failed refuses everything after it', () => {
    const database = openWriting(path);
    const statements = new Statements(database);
    const writer = new Writer(statements);
    const run = statements.run.bind(statements);
    statements.run = (sql, ...values) => {
      if (sql === 'COMMIT') throw Object.assign(new Error('disk I/O error'), { errcode: 1034 });
      return run(sql, ...values);
    };
    expect(writer.run([change('a')])).toMatchObject([{ kind: 'fault', fault: { code: 1034 } }]);
    statements.run = run;
    expect(writer.run([change('b')])).toMatchObject([{ kind: 'fault', fault: { code: 10 } }]);
    expect(statements.all('SELECT id FROM node')).toEqual([]);
    database.close();
  });

  test('a bug in one change undoes that change alone', () => {
    const database = openWriting(path);
    const statements = new Statements(database);
    const writer = new Writer(statements);
    const wrong = {
      kind: 'change',
      change: { now: Number.NaN, guards: [], writes: [{ type: 'New', id: 'b', tail: '}' }] },
    } as const;
    expect(writer.run([change('a'), wrong, change('c')])).toMatchObject([
      { kind: 'change' },
      { kind: 'fault' },
      { kind: 'change', written: { seq: 2 } },
    ]);
    expect(statements.all('SELECT id FROM node ORDER BY seq')).toEqual([{ id: 'a' }, { id: 'c' }]);
    expect(statements.all("SELECT name FROM type WHERE name = 'New'")).toEqual([]);
    expect(writer.run([{ ...wrong, change: { ...wrong.change, now: 0 } }])).toMatchObject([{ written: { ok: true } }]);
    database.close();
  });

  test('a statement beyond the limits of the database is a search that costs too much', () => {
    const database = new DatabaseSync(':memory:');
    const run = (sql: string) => {
      try {
        database.prepare(sql).get();
        return undefined;
      } catch (error) {
        return errorOf(faultOf(error));
      }
    };
    for (const sql of [`SELECT 1${' OR 1'.repeat(2000)}`, `SELECT ${'?,'.repeat(40_000)}1`, 'SELECT 1 UNION '.repeat(2000) + 'SELECT 1'])
      expect(run(sql)).toMatchObject({ issues: [{ id: 'too-costly' }] });
    expect(run('SELECT nothing')?.name).toBe('Bug');
    database.close();
  });

  test('an error of ours is no fault of the database', () => {
    expect(errorOf(faultOf(new TypeError('x'))).name).toBe('Bug');
  });

  test('a store that was closed refuses, and closing twice is closing', async () => {
    const store = await openSqliteStore({ ...testSettings(), path });
    await store.commit({ writes: [writeOf('a')] });
    await Promise.all([store.close(), store.close()]);
    await expect(store.commit({ writes: [writeOf('b')] })).rejects.toMatchObject({ issues: [{ id: 'store-unavailable' }] });
    expect(await store.health()).toBeDefined();
  });

  test('what was committed before the close is answered before it', async () => {
    const store = await openSqliteStore({ ...testSettings(), path });
    const commits = Array.from({ length: 20 }, (_, index) => store.commit({ writes: [writeOf(`${index}`)] }));
    const received = store.journal.receive(arrivalOf('m', 'C', 'x'));
    await store.close();
    expect((await Promise.all(commits)).every((commit) => commit.ok)).toBe(true);
    expect((await received).kind).toBe('new');
  });

  test('two processes on one file keep one order and one dictionary', () => {
    const databases = [openWriting(path), openWriting(path)];
    const writers = databases.map((database) => new Writer(new Statements(database)));
    for (let round = 0; round < 6; round += 1) {
      const index = {
        tokens: ['p', 's', `c${round % 4}`],
        references: [],
        strings: [],
        dates: [],
        severalDates: [],
        numbers: [],
        composites: [],
      };
      const writes = [{ type: `Type${round % 4}`, id: 'a', tail: '}', rows: index }];
      const outcome = writers[round % 2]?.run([{ kind: 'change', change: { now: 0, guards: [], writes } }]);
      expect(outcome).toMatchObject([{ written: { ok: true, seq: round + 1 } }]);
    }
    for (const database of databases) database.close();
  });

  test('changes that come together share a transaction, conflicts among them', () => {
    const database = openWriting(path);
    const statements = new Statements(database);
    const writer = new Writer(statements);
    let commits = 0;
    const run = statements.run.bind(statements);
    statements.run = (sql, ...values) => {
      if (sql === 'COMMIT') commits += 1;
      return run(sql, ...values);
    };
    const first = {
      kind: 'change',
      change: { now: 0, guards: [], writes: [{ type: 'Basic', id: 'a', expected: 0, tail: '}' }] },
    } as const;
    const outcomes = writer.run([first, first, change('b')]);
    expect(outcomes).toMatchObject([
      { written: { ok: true } },
      { written: { ok: false, conflict: 'version' } },
      { written: { ok: true, seq: 2 } },
    ]);
    expect(commits).toBe(1);
    database.close();
  });
});
