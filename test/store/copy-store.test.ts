import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { searchOf } from '../../src/fhir/search-query.ts';
import { COPYING, copyStore } from '../../src/store/copy-store.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { digestOf, PARAMETER_STATE } from '../../src/store/store-digest.ts';
import type { Store } from '../../src/store/store.ts';
import { resourceWith, testSettings } from './harness.ts';
import { fillStore } from './kept-content.ts';

const settings = testSettings();
let from: Store;
let to: Store;
beforeEach(async () => {
  [from, to] = [await openSqliteStore({ ...settings, path: ':memory:' }), await openSqliteStore({ ...settings, path: ':memory:' })];
  await fillStore(from, settings.clock);
});
afterEach(async () => {
  await from.close();
  await to.close();
});

describe('a copy of a store', () => {
  test('keeps everything: every version with its place, time and text, messages with their bytes, claims, documents', async () => {
    const digest = await copyStore(from, to);
    expect(digest).toMatchObject({ versions: 452, messages: 5, claims: 250, documents: 250 });
    expect(await digestOf(to)).toEqual(await digestOf(from));
    expect(await to.journal.pending(0, 9)).toEqual(await from.journal.pending(0, 9));
    expect(await to.journal.counts()).toEqual(await from.journal.counts());
    expect(await to.documentKinds()).toEqual(await from.documentKinds());
    const found = await to.search(searchOf('Patient', { op: 'id', ids: ['r0', 'r3'] }));
    expect(found.ok && found.value.matches.map(({ id }) => id).sort()).toEqual(['r0', 'r3']);
  });

  test('keeps what is forgotten forgotten, with the row that remembers it', async () => {
    const [row] = (await from.journal.list(0, 9)).filter(({ status }) => status === 'processed' || status === 'filtered');
    if (row === undefined) throw new Error('the store of the test has no message that has ended');
    await from.commit({ messages: [{ id: row.id, from: [row.status], status: row.status, forget: 'content' }] });
    await copyStore(from, to);
    expect(await digestOf(to)).toEqual(await digestOf(from));
    expect([await to.journal.raw(row.id), (await to.journal.get(row.id))?.sha256]).toEqual([undefined, row.sha256]);
    const left = await to.journal.forgettable({ what: 'content', before: Number.MAX_SAFE_INTEGER, count: 9 });
    expect(left.map(({ id }) => id)).not.toContain(row.id);
  });

  test('that was broken off goes on where it stopped', async () => {
    const stop = new Error('stop');
    await expect(
      copyStore(from, to, ({ versions }) => {
        if (versions > 200) throw stop;
      }),
    ).rejects.toBe(stop);
    expect((await to.documents([COPYING]))[0]).toBe('{}');
    await copyStore(from, to);
    expect(await digestOf(to)).toEqual(await digestOf(from));
    expect(await to.documents([COPYING])).toEqual([undefined]);
  });

  test('leaves out how far search parameters are: the copy was made without them and looks through itself', async () => {
    await from.commit({ documents: [{ kind: PARAMETER_STATE, key: 'eyes', json: '{}' }] });
    await copyStore(from, to);
    expect(await to.documents([{ kind: PARAMETER_STATE, key: 'eyes' }])).toEqual([undefined]);
  });

  test('is not made into a store that holds something', async () => {
    await to.commit({ writes: [{ type: 'Basic', id: 'b', resource: resourceWith('Basic', 'b') }] });
    await expect(copyStore(from, to)).rejects.toMatchObject({ issues: [{ id: 'target-not-empty' }] });
  });

  test('that is not the same in the end is told, and stays marked as no copy', async () => {
    const writing = copyStore(from, to, ({ messages }) => {
      if (messages > 0) void to.commit({ claims: [{ key: 'stranger', owner: 'Patient/x' }] });
    });
    await expect(writing).rejects.toMatchObject({ issues: [{ id: 'copy-differs', parameters: { what: 'claims' } }] });
    expect((await to.documents([COPYING]))[0]).toBe('{}');
  });
});
