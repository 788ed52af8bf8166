import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { openReading, openWriting } from '../../src/store/sqlite/connection.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { Statements } from '../../src/store/sqlite/statements.ts';
import type { Job, Outcome } from '../../src/store/sqlite/write-job.ts';
import { WriteThread } from '../../src/store/sqlite/write-thread.ts';
import { arrivalOf } from './contract-journal.ts';
import { resourceWith, testSettings } from './harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'chartbridge-long-texts-'));
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

const rowsOf = (path: string, table: string): number => {
  const database = new DatabaseSync(path, { readOnly: true });
  const count = Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
  database.close();
  return count;
};

/** A store whose jobs are seen, and answered otherwise where `instead` has an answer. */
async function watched(path: string, instead: (job: Job, before: readonly Job[]) => Outcome | undefined = () => undefined) {
  const thread = await WriteThread.open(path, true);
  const jobs: Job[] = [];
  const queue = {
    run(job: Job): Promise<Outcome> {
      const answer = instead(job, jobs);
      jobs.push(job);
      return answer === undefined ? thread.run(job) : Promise.resolve(answer);
    },
    stopped: undefined,
    close: () => thread.close(),
  };
  const store = new SqliteStore({ ...testSettings(), path }, new Statements(openReading(path)), queue);
  return { store, jobs };
}

const long = (id: string, text = LONG) => ({ type: 'Basic', id, resource: resourceWith('Basic', id, {}, { said: text }) });
const longArrival = (id: string, controlId: string) => arrivalOf(id, controlId, LONG);

describe('a long text', () => {
  test('reaches the writer a piece at a time, and what makes it exist is small', async () => {
    const { store, jobs } = await watched(join(folder, 'pieces.db'));
    await store.journal.receive(longArrival('m', 'C1'));
    await store.commit({ writes: [long('a')] });
    const kinds = jobs.map(({ kind }) => kind).join(' ');
    expect(kinds).toMatch(/^repeat( piece){2,} receive( piece){2,} change$/);
    const ends = jobs.filter(({ kind }) => kind !== 'piece');
    expect(Math.max(...ends.map((job) => JSON.stringify(job).length))).toBeLessThan(10_000);
    await store.close();
  });

  test.each([0, 1, 2, 3])('is never cut between the halves of a character (%i letters before)', async (letters) => {
    const store = await openSqliteStore({ ...testSettings(), path: join(folder, `halves-${letters}.db`) });
    const text = `${'x'.repeat(letters)}${'\u{1f600}'.repeat(1_100_000)}`;
    await store.commit({ writes: [long('a', text)] });
    expect((JSON.parse((await store.read('Basic', 'a'))?.json ?? '{}') as { said: string }).said === text).toBe(true);
    await store.close();
  });

  test('weighs what it is long, and is walked over', async () => {
    const store = await openSqliteStore({ ...testSettings(), path: join(folder, 'weights.db') });
    await store.journal.receive(longArrival('m', 'C1'));
    expect((await store.journal.weigh(0, 10)).bytes).toBe(Buffer.byteLength(LONG));
    const change = { id: 'm', from: ['received'], status: 'processed' } as const;
    await store.commit({ messages: [change] });
    expect(await store.journal.forgettable({ what: 'content', before: 9e9, count: 9 })).toMatchObject([{ bytes: Buffer.byteLength(LONG) }]);
    expect(await store.journal.forgettable({ what: 'row', before: 9e9, count: 9 })).toMatchObject([{ bytes: Buffer.byteLength(LONG) }]);
    await store.commit({ writes: [long('a')] });
    await store.commit({ writes: [long('a', `${LONG}!`)] });
    const seen: string[] = [];
    for await (const versions of store.walk({})) seen.push(...versions.map(({ json }) => (JSON.parse(json) as { said: string }).said));
    expect(seen).toEqual([LONG, `${LONG}!`]);
    await store.close();
  });

  test('of a message that is known is not kept again', async () => {
    const path = join(folder, 'repeats.db');
    const { store, jobs } = await watched(path);
    await store.journal.receive(longArrival('m', 'C1'));
    const before = jobs.length;
    expect(await store.journal.receive(longArrival('n', 'C1'))).toMatchObject({ kind: 'repeat', row: { id: 'm', repeats: 1 } });
    expect(jobs.slice(before).map(({ kind }) => kind)).toEqual(['repeat']);
    await store.close();
  });

  test('goes with what refers to it: a message that is forgotten, a resource that is taken out', async () => {
    const path = join(folder, 'forgotten.db');
    const store = await openSqliteStore({ ...testSettings(), path });
    await store.commit({ writes: [long('a')] });
    const ofResource = rowsOf(path, 'piece');
    await store.journal.receive(longArrival('m', 'm'));
    const ofMessage = rowsOf(path, 'piece') - ofResource;
    await store.journal.receive(longArrival('n', 'n'));
    const forget = (id: string, what: 'content' | 'row') =>
      store.commit({ messages: [{ id, from: ['received'], status: 'received', forget: what }] });
    await forget('m', 'content');
    expect(rowsOf(path, 'piece')).toBe(ofResource + ofMessage);
    await forget('n', 'row');
    expect(rowsOf(path, 'piece')).toBe(ofResource);
    expect(await store.journal.raw('m')).toBeUndefined();
    await store.commit({ erase: [{ type: 'Basic', id: 'a' }] });
    expect(rowsOf(path, 'piece')).toBe(0);
    await store.close();
  });

  test('goes again where its change was decided on what is no longer so', async () => {
    const path = join(folder, 'conflict.db');
    const store = await openSqliteStore({ ...testSettings(), path });
    expect(await store.commit({ writes: [{ ...long('a'), expected: 4 }] })).toMatchObject({ ok: false, conflict: 'version' });
    expect([rowsOf(path, 'piece'), rowsOf(path, 'loose_text')]).toEqual([0, 0]);
    await store.close();
  });

  test.each(['first', 'second', 'what refers to it'])('goes again where %s cannot be written, and nothing refers to it', async (which) => {
    const path = join(folder, `${which}.db`);
    let isFull = true;
    const fault: Outcome = { kind: 'fault', fault: { code: 13, message: 'database or disk is full' } };
    const fails = (job: Job): boolean =>
      job.kind === 'piece'
        ? job.number === ['first', 'second'].indexOf(which)
        : !['repeat', 'drop'].includes(job.kind) && which.startsWith('what');
    const { store } = await watched(path, (job) => (isFull && fails(job) ? fault : undefined));
    await expect(store.journal.receive(longArrival('m', 'C1'))).rejects.toMatchObject({
      issues: [{ id: expect.stringMatching('^store-') as string }],
    });
    await expect(store.commit({ writes: [long('a')] })).rejects.toMatchObject({
      issues: [{ id: expect.stringMatching('^store-') as string }],
    });
    expect([rowsOf(path, 'piece'), rowsOf(path, 'loose_text'), rowsOf(path, 'message'), rowsOf(path, 'node')]).toEqual([0, 0, 0, 0]);
    isFull = false;
    await store.journal.receive(longArrival('m', 'C1'));
    expect(Buffer.compare((await store.journal.raw('m')) ?? new Uint8Array(), Buffer.from(LONG))).toBe(0);
    await store.close();
  });

  test('that is not there is referred to by nothing', async () => {
    const path = join(folder, 'swept.db');
    const thread = await WriteThread.open(path, true);
    const text = { text: 99, bytes: 2_000_000 };
    expect(await thread.run({ kind: 'receive', arrival: { ...arrivalOf('m', 'C1', ''), raw: undefined }, long: text })).toMatchObject({
      kind: 'fault',
    });
    const write = { type: 'Basic', id: 'a', tail: text };
    expect(await thread.run({ kind: 'change', change: { now: 0, guards: [], writes: [write] } })).toMatchObject({ kind: 'fault' });
    expect([rowsOf(path, 'message'), rowsOf(path, 'node')]).toEqual([0, 0]);
    await thread.close();
  });

  test('of a process that was killed between its pieces is swept at the next start; the others stay', async () => {
    const path = join(folder, 'killed.db');
    const before = await openSqliteStore({ ...testSettings(), path, alone: true });
    await before.journal.receive(longArrival('m', 'C1'));
    await before.commit({ writes: [long('a')] });
    await before.close();
    const whole = rowsOf(path, 'piece');
    const child = spawn(process.execPath, [join(import.meta.dirname, 'broken-off.ts'), path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    expect([rowsOf(path, 'piece'), rowsOf(path, 'loose_text')]).toEqual([whole + 3, 1]);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = await openSqliteStore({ ...testSettings(), path, alone: true });
    expect([rowsOf(path, 'piece'), rowsOf(path, 'loose_text')]).toEqual([whole, 0]);
    expect(Buffer.compare((await store.journal.raw('m')) ?? new Uint8Array(), Buffer.from(LONG))).toBe(0);
    expect(await store.read('Basic', 'a')).toMatchObject({ version: 1 });
    expect((await store.journal.list(0, 10)).map(({ id }) => id)).toEqual(['m']);
    await store.close();
  });

  test('that was kept whole, by a version before, is read as it is', async () => {
    const path = join(folder, 'whole.db');
    const store = await openSqliteStore({ ...testSettings(), path });
    await store.commit({ writes: [long('a', 'short')] });
    await store.journal.receive(arrivalOf('m', 'C1', 'short'));
    await store.close();
    const database = openWriting(path);
    database.prepare('UPDATE node SET json = ?').run(JSON.stringify({ resourceType: 'Basic', id: 'a', said: LONG }));
    database.prepare('UPDATE message_raw SET raw = ?').run(Buffer.from(LONG));
    database.close();
    const after = await openSqliteStore({ ...testSettings(), path });
    expect(JSON.parse((await after.read('Basic', 'a'))?.json ?? '{}')).toMatchObject({ said: LONG });
    expect((await after.journal.weigh(0, 10)).bytes).toBe(Buffer.byteLength(LONG));
    expect(Buffer.compare((await after.journal.raw('m')) ?? new Uint8Array(), Buffer.from(LONG))).toBe(0);
    await after.close();
  });
});
