import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EVERYTHING, type Filter, searchOf } from '../../src/fhir/search-query.ts';
import type { Change, Commit, Store } from '../../src/store/store.ts';
import { type Harness, resourceWith, testSettings } from './harness.ts';

/** Reading, writing, deleting, and how each kind of conflict is reported. */
export function contractOfWrites(harness: Harness): void {
  describe('writes', () => {
    let settings = testSettings();
    let store: Store;
    beforeEach(async () => {
      settings = testSettings();
      store = await harness.open(settings);
    });
    afterEach(() => store.close());

    const write = (type: string, id: string, more: Record<string, unknown> = {}, expected?: number): Promise<Commit> =>
      store.commit({ writes: [{ type, id, resource: resourceWith(type, id, {}, more), ...(expected === undefined ? {} : { expected }) }] });
    const conflictOf = async (change: Change): Promise<string> => {
      const commit = await store.commit(change);
      return commit.ok ? 'none' : `${commit.conflict} ${commit.subject}`;
    };

    test('what was never written is not there', async () => {
      expect(await store.read('Patient', 'a')).toBeUndefined();
      expect(await store.readVersion('Patient', 'a', 1)).toBeUndefined();
      expect(await store.readMany([{ type: 'Patient', id: 'a' }])).toEqual([undefined]);
    });

    test('a resource is read back with its id, version and time in its JSON', async () => {
      const commit = await write('Patient', 'a', { active: true, name: [{ family: 'Åström "Q"' }] });
      const stored = await store.read('Patient', 'a');
      expect(commit).toEqual({ ok: true, seq: stored?.seq, versions: [stored] });
      expect(stored).toMatchObject({ type: 'Patient', id: 'a', version: 1, deleted: false, lastUpdated: settings.clock.now });
      expect(JSON.parse(stored?.json ?? '')).toEqual({
        resourceType: 'Patient',
        id: 'a',
        meta: { versionId: '1', lastUpdated: '2026-01-02T09:30:00.000Z' },
        active: true,
        name: [{ family: 'Åström "Q"' }],
        index: {},
      });
    });

    test('meta keeps what else it holds, and versionId and lastUpdated are never taken from the writer', async () => {
      const meta = { versionId: '77', lastUpdated: '1999-01-01T00:00:00Z', source: '#1', tag: [{ code: 'x' }] };
      await write('Patient', 'a', { meta });
      const json = JSON.parse((await store.read('Patient', 'a'))?.json ?? '') as Record<string, unknown>;
      expect(json['meta']).toEqual({ versionId: '1', lastUpdated: '2026-01-02T09:30:00.000Z', source: '#1', tag: [{ code: 'x' }] });
    });

    test('a resource with nothing but its type is kept', async () => {
      await store.commit({ writes: [{ type: 'Basic', id: 'a', resource: { resourceType: 'Basic' } }] });
      expect(JSON.parse((await store.read('Basic', 'a'))?.json ?? '')).toEqual({
        resourceType: 'Basic',
        id: 'a',
        meta: { versionId: '1', lastUpdated: '2026-01-02T09:30:00.000Z' },
      });
    });

    test('keys that mean something to JavaScript are data', async () => {
      const resource = JSON.parse('{"resourceType":"Basic","__proto__":{"polluted":true},"constructor":"x"}') as Record<string, unknown>;
      await store.commit({ writes: [{ type: 'Basic', id: '__proto__', resource }] });
      const json = (await store.read('Basic', '__proto__'))?.json ?? '';
      expect(json).toContain('"__proto__":{"polluted":true}');
      expect(await store.read('__proto__', 'constructor')).toBeUndefined();
    });

    test('an update makes the next version and keeps the one before', async () => {
      await write('Patient', 'a', { active: true });
      settings.clock.now += 1000;
      const commit = await write('Patient', 'a', { active: false }, 1);
      expect(commit).toMatchObject({ ok: true, versions: [{ version: 2, lastUpdated: settings.clock.now }] });
      expect(JSON.parse((await store.readVersion('Patient', 'a', 1))?.json ?? '')).toMatchObject({
        active: true,
        meta: { versionId: '1' },
      });
      expect(JSON.parse((await store.readVersion('Patient', 'a', 2))?.json ?? '')).toMatchObject({
        active: false,
        meta: { versionId: '2' },
      });
      expect(await store.readVersion('Patient', 'a', 3)).toBeUndefined();
    });

    test('lastUpdated never goes back, even when the clock does', async () => {
      await write('Patient', 'a');
      const first = settings.clock.now;
      settings.clock.now -= 60_000;
      await write('Patient', 'a');
      expect((await store.read('Patient', 'a'))?.lastUpdated).toBe(first);
    });

    test('the same id under two types is two resources', async () => {
      await write('Patient', 'a');
      await write('Group', 'a');
      expect(
        (
          await store.readMany([
            { type: 'Group', id: 'a' },
            { type: 'Patient', id: 'a' },
          ])
        ).map((v) => v?.type),
      ).toEqual(['Group', 'Patient']);
    });

    test('many are read in the order asked, undefined where there is none', async () => {
      await write('Patient', 'a');
      await write('Patient', 'b');
      const found = await store.readMany(['b', 'none', 'a', 'b'].map((id) => ({ type: 'Patient', id })));
      expect(found.map((version) => version?.id)).toEqual(['b', undefined, 'a', 'b']);
    });

    test('a deletion is a version without text, and what was before stays readable', async () => {
      await write('Patient', 'a');
      expect(await store.commit({ writes: [{ type: 'Patient', id: 'a', expected: 1 }] })).toMatchObject({
        ok: true,
        versions: [{ version: 2 }],
      });
      expect(await store.read('Patient', 'a')).toMatchObject({ version: 2, deleted: true, json: '' });
      expect(await store.readVersion('Patient', 'a', 1)).toMatchObject({ version: 1, deleted: false });
      expect(await store.readVersion('Patient', 'a', 2)).toMatchObject({ deleted: true });
    });

    test('deleting what is deleted makes no version', async () => {
      await write('Patient', 'a');
      await store.commit({ writes: [{ type: 'Patient', id: 'a' }] });
      expect(await store.commit({ writes: [{ type: 'Patient', id: 'a' }] })).toMatchObject({
        ok: true,
        versions: [{ version: 2, deleted: true }],
      });
      expect((await store.read('Patient', 'a'))?.version).toBe(2);
    });

    test('a deleted resource comes back as the version after its deletion', async () => {
      await write('Patient', 'a');
      await store.commit({ writes: [{ type: 'Patient', id: 'a' }] });
      await write('Patient', 'a', {}, 2);
      expect(await store.read('Patient', 'a')).toMatchObject({ version: 3, deleted: false });
      expect(await store.readVersion('Patient', 'a', 2)).toMatchObject({ deleted: true, json: '' });
    });

    test('a write decided on another version is a conflict and writes nothing', async () => {
      await write('Patient', 'a');
      const resource = resourceWith('Patient', 'a');
      expect(await conflictOf({ writes: [{ type: 'Patient', id: 'a', expected: 2, resource }] })).toBe('version Patient/a');
      expect(await conflictOf({ writes: [{ type: 'Patient', id: 'a', expected: 0, resource }] })).toBe('version Patient/a');
      expect(await conflictOf({ writes: [{ type: 'Patient', id: 'b', expected: 1, resource }] })).toBe('version Patient/b');
      expect(await conflictOf({ writes: [{ type: 'Patient', id: 'b' }] })).toBe('version Patient/b');
      expect((await store.read('Patient', 'a'))?.version).toBe(1);
    });

    test('everything of a change happens, or nothing', async () => {
      await write('Patient', 'a');
      const commit = await store.commit({
        claims: [{ key: 'k', owner: 'Patient/b' }],
        documents: [{ kind: 'job', key: '1', json: '{}' }],
        writes: [
          { type: 'Patient', id: 'b', resource: resourceWith('Patient', 'b', { tokens: [{ parameter: 'p', system: 's', code: 'new' }] }) },
          { type: 'Patient', id: 'a', expected: 9, resource: resourceWith('Patient', 'a') },
        ],
      });
      expect(commit).toEqual({ ok: false, conflict: 'version', subject: 'Patient/a' });
      expect(await store.read('Patient', 'b')).toBeUndefined();
      expect(await store.owners(['k'])).toEqual([undefined]);
      expect(await store.documents([{ kind: 'job', key: '1' }])).toEqual([undefined]);
      expect(await write('Patient', 'b')).toMatchObject({ ok: true, versions: [{ version: 1 }] });
    });

    test('every version has its own place in the order of commits', async () => {
      const first = await store.commit({
        writes: ['a', 'b'].map((id) => ({ type: 'Patient', id, resource: resourceWith('Patient', id) })),
      });
      const second = await write('Patient', 'a');
      const seqs = [...(first.ok ? first.versions : []), ...(second.ok ? second.versions : [])].map((version) => version.seq);
      expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
      expect(first.ok && first.seq).toBe(seqs[1]);
      expect(second.ok && second.seq).toBe(seqs[2]);
    });

    test('a change that writes nothing has the place of the last commit', async () => {
      const first = await write('Patient', 'a');
      const empty = await store.commit({});
      expect(empty).toEqual({ ok: true, seq: first.ok ? first.seq : -1, versions: [] });
    });

    test('what is erased was never there: no search, no history and no walk tells of it, and its id begins anew', async () => {
      const index = {
        tokens: [{ parameter: 'code', system: 's', code: 'x' }],
        references: [{ parameter: 'link', type: 'Basic', id: 'named' }],
      };
      const basic = (id: string, long = '') => ({ type: 'Basic', id, resource: resourceWith('Basic', id, index, { long }) });
      await store.commit({
        writes: ['gone', 'long', 'named', 'twice', 'kept'].map((id) => basic(id, id === 'long' ? 'x'.repeat(5_000_000) : '')),
      });
      await store.commit({ writes: [basic('twice', 'again')] });
      const erase = ['gone', 'long', 'named', 'twice', 'never'].map((id) => ({ type: 'Basic', id }));
      expect(await store.commit({ erase })).toMatchObject({ ok: true, versions: [] });
      expect(await store.readMany(erase)).toMatchObject([undefined, undefined, undefined, { version: 2 }, undefined]);
      const found = async (filter: Filter) => {
        const page = await store.search(searchOf('Basic', filter, { total: 'accurate' }));
        return page.ok ? [page.value.matches.map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1)), page.value.total] : page.issues;
      };
      expect(await found(EVERYTHING)).toEqual([['kept', 'twice'], 2]);
      expect(await found({ op: 'token', parameter: 'code', system: 's', code: 'x' })).toEqual([['kept', 'twice'], 2]);
      // others name it still
      expect(await found({ op: 'reference', parameter: 'link', type: 'Basic', id: 'named' })).toEqual([['kept', 'twice'], 2]);
      expect((await store.history({ type: 'Basic', count: 10 })).versions.map(({ id }) => id)).toEqual(['twice', 'kept', 'twice']);
      const walked: string[] = [];
      for await (const versions of store.walk({ type: 'Basic' })) walked.push(...versions.map(({ id }) => id));
      expect(walked).toEqual(['twice', 'kept', 'twice']);
      expect(await store.commit({ writes: [{ ...basic('named'), expected: 0 }] })).toMatchObject({ ok: true, versions: [{ version: 1 }] });
      expect(await found(EVERYTHING)).toEqual([['kept', 'named', 'twice'], 3]);
    });

    test('a key is claimed once, changes owner only from the owner named, and can be given up', async () => {
      expect(await conflictOf({ claims: [{ key: 'k', owner: 'Patient/a' }] })).toBe('none');
      expect(await conflictOf({ claims: [{ key: 'k', owner: 'Patient/b' }] })).toBe('claim k');
      expect(await conflictOf({ claims: [{ key: 'k', owner: 'Patient/b', expected: 'Patient/c' }] })).toBe('claim k');
      expect(await conflictOf({ claims: [{ key: 'k', owner: 'Patient/b', expected: 'Patient/a' }] })).toBe('none');
      expect(await store.owners(['none', 'k'])).toEqual([undefined, 'Patient/b']);
      expect(await conflictOf({ claims: [{ key: 'k', expected: 'Patient/b' }] })).toBe('none');
      expect(await store.owners(['k'])).toEqual([undefined]);
      expect(await conflictOf({ claims: [{ key: 'k', expected: 'Patient/b' }] })).toBe('claim k');
    });

    test('a guard holds while its search gives what it gave', async () => {
      const guard = { type: 'Patient', filter: { op: 'token', parameter: 'p', system: 's', code: 'x' }, key: 'p=s|x' } as const;
      expect(await conflictOf({ guards: [{ ...guard, ids: [] }] })).toBe('none');
      await store.commit({
        guards: [{ ...guard, ids: [] }],
        writes: [
          { type: 'Patient', id: 'a', resource: resourceWith('Patient', 'a', { tokens: [{ parameter: 'p', system: 's', code: 'x' }] }) },
        ],
      });
      expect(await conflictOf({ guards: [{ ...guard, ids: [] }] })).toBe('guard p=s|x');
      expect(await conflictOf({ guards: [{ ...guard, ids: ['b'] }] })).toBe('guard p=s|x');
      expect(await conflictOf({ guards: [{ ...guard, ids: ['a', 'b'] }] })).toBe('guard p=s|x');
      expect(await conflictOf({ guards: [{ ...guard, ids: ['a'] }] })).toBe('none');
      expect(await conflictOf({ guards: [{ type: 'Patient', filter: EVERYTHING, key: '', ids: ['a'] }] })).toBe('none');
      await store.commit({ writes: [{ type: 'Patient', id: 'a' }] });
      expect(await conflictOf({ guards: [{ ...guard, ids: ['a'] }] })).toBe('guard p=s|x');
    });

    test('a document is written, decided on the text before where that matters, listed by key and removed', async () => {
      const document = { kind: 'sent', key: 'b' };
      expect(await conflictOf({ documents: [{ ...document, json: '1' }] })).toBe('none');
      expect(await conflictOf({ documents: [{ ...document, json: '2', expected: null }] })).toBe('document sent/b');
      expect(await conflictOf({ documents: [{ ...document, json: '2', expected: '0' }] })).toBe('document sent/b');
      expect(await conflictOf({ documents: [{ ...document, json: '2', expected: '1' }] })).toBe('none');
      await store.commit({ documents: ['a', 'c', 'd'].map((key) => ({ kind: 'sent', key, json: key })) });
      await store.commit({ documents: [{ kind: 'other', key: 'b', json: 'x' }] });
      expect(await store.documents([{ kind: 'sent', key: 'c' }, { kind: 'sent', key: 'none' }, document])).toEqual(['c', undefined, '2']);
      expect(await store.listDocuments('sent', '', 2)).toEqual([
        { key: 'a', json: 'a' },
        { key: 'b', json: '2' },
      ]);
      expect((await store.listDocuments('sent', 'b', 10)).map((found) => found.key)).toEqual(['c', 'd']);
      expect((await store.listDocuments('sent', 'b', 10, 'c')).map((found) => found.key)).toEqual(['c']);
      expect((await store.listDocuments('sent', 'c', 10, 'c')).map((found) => found.key)).toEqual([]);
      expect(await conflictOf({ documents: [{ kind: 'sent', key: 'c', expected: 'c' }] })).toBe('none');
      expect(await conflictOf({ documents: [{ kind: 'sent', key: 'c', expected: 'c' }] })).toBe('document sent/c');
      expect((await store.listDocuments('sent', '', 10)).map((found) => found.key)).toEqual(['a', 'b', 'd']);
    });

    test('a store that is open and whole can be written durably', async () => {
      expect(await store.health()).toBeUndefined();
    });
  });
}
