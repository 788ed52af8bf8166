import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store, StoredVersion, WalkQuery } from '../../src/store/store.ts';
import { arrivalOf } from './contract-journal.ts';
import { type Harness, resourceWith, testSettings } from './harness.ts';

const minute = 60_000;

async function walked(store: Store, query: WalkQuery): Promise<StoredVersion[]> {
  const all: StoredVersion[] = [];
  for await (const some of store.walk(query)) all.push(...some);
  return all;
}

const labels = (versions: readonly StoredVersion[]): string[] =>
  versions.map((v) => `${v.type}/${v.id}/${v.version}${v.deleted ? ' deleted' : ''}`);

/** The walk in the order of commits: what an export and a copy of a store go by. And what else a copy needs. */
export function contractOfWalks(harness: Harness): void {
  describe('walks', () => {
    let settings = testSettings();
    let store: Store;
    const put = async (type: string, id: string, more: Record<string, unknown> = {}): Promise<number> => {
      const commit = await store.commit({ writes: [{ type, id, resource: resourceWith(type, id, {}, more) }] });
      settings.clock.now += minute;
      return commit.ok ? commit.seq : -1;
    };
    const remove = async (type: string, id: string): Promise<void> => {
      await store.commit({ writes: [{ type, id }] });
      settings.clock.now += minute;
    };

    beforeEach(async () => {
      settings = testSettings();
      store = await harness.open(settings);
    });
    afterEach(() => store.close());

    test('every version of everything, oldest first', async () => {
      await put('Patient', 'a');
      await put('Observation', 'o');
      await put('Patient', 'a');
      await remove('Observation', 'o');
      const all = await walked(store, {});
      expect(labels(all)).toEqual(['Patient/a/1', 'Observation/o/1', 'Patient/a/2', 'Observation/o/2 deleted']);
      expect(all.map(({ seq }) => seq)).toEqual(all.map(({ seq }) => seq).toSorted((a, b) => a - b));
      expect((await store.history({ count: 9 })).versions.toReversed()).toEqual(all);
      expect(labels(await walked(store, { type: 'Patient' }))).toEqual(['Patient/a/1', 'Patient/a/2']);
      expect(labels(await walked(store, { after: all[1]?.seq ?? 0, upTo: all[2]?.seq ?? 0 }))).toEqual(['Patient/a/2']);
      expect(await walked(store, { type: 'Encounter' })).toEqual([]);
    });

    test('what was current after a commit, whatever was written and deleted since', async () => {
      await put('Patient', 'a', { is: 1 });
      await put('Patient', 'b', { is: 1 });
      await put('Patient', 'c', { is: 1 });
      await put('Patient', 'a', { is: 2 });
      await remove('Patient', 'c');
      const { seq } = (await store.commit({})) as { seq: number };
      await put('Patient', 'a', { is: 3 });
      await put('Patient', 'a', { is: 4 });
      await remove('Patient', 'b');
      await put('Patient', 'c', { is: 5 });
      await put('Patient', 'd');
      const then = await walked(store, { type: 'Patient', upTo: seq, current: true });
      expect(labels(then)).toEqual(['Patient/b/1', 'Patient/a/2', 'Patient/c/2 deleted']);
      expect(then.map(({ json }) => (json === '' ? '' : (JSON.parse(json) as { is: number }).is))).toEqual([1, 2, '']);
    });

    test('only what was written at or after a time', async () => {
      const start = settings.clock.now;
      await put('Patient', 'a'); // 0
      await put('Patient', 'b'); // 1
      await put('Patient', 'c'); // 2
      await put('Patient', 'a'); // 3
      expect(labels(await walked(store, { since: start + minute }))).toEqual(['Patient/b/1', 'Patient/c/1', 'Patient/a/2']);
      expect(labels(await walked(store, { since: start + minute + 1, current: true, type: 'Patient' }))).toEqual([
        'Patient/c/1',
        'Patient/a/2',
      ]);
      expect(await walked(store, { since: start + 9 * minute })).toEqual([]);
    });

    test('a walk over many meets each once while they are written anew', async () => {
      const ids = Array.from({ length: 700 }, (_, at) => `p${at}`);
      for (let at = 0; at < ids.length; at += 100)
        await store.commit({
          writes: ids.slice(at, at + 100).map((id) => ({ type: 'Patient', id, resource: resourceWith('Patient', id, {}, { round: 1 }) })),
        });
      const { seq } = (await store.commit({})) as { seq: number };
      const seen: string[] = [];
      for await (const some of store.walk({ type: 'Patient', upTo: seq, current: true })) {
        for (const { id, json } of some) seen.push(`${id} ${(JSON.parse(json) as { round: number }).round}`);
        const moved = ids.filter((_, at) => (at + seen.length) % 7 < 3);
        await store.commit({
          writes: moved.map((id) => ({ type: 'Patient', id, resource: resourceWith('Patient', id, {}, { round: 2 }) })),
        });
      }
      expect(seen).toEqual(ids.map((id) => `${id} 1`));
    });

    test('however the versions came to be, the walk is what a plain reading of the history gives', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('Patient', 'Observation'), fc.boolean()), { maxLength: 25 }),
          fc.nat(25),
          async (steps, until) => {
            const mine = await harness.open(settings);
            for (const [id, type, deletes] of steps)
              await mine.commit({ writes: [deletes ? { type, id } : { type, id, resource: resourceWith(type, id) }] });
            const all = (await mine.history({ count: 100 })).versions.toReversed();
            const upTo = all[until]?.seq ?? all.at(-1)?.seq ?? 0;
            const then = new Map(all.filter(({ seq }) => seq <= upTo).map((version) => [`${version.type}/${version.id}`, version]));
            expect(await walked(mine, {})).toEqual(all);
            expect(await walked(mine, { upTo, current: true })).toEqual([...then.values()].toSorted((a, b) => a.seq - b.seq));
            await mine.close();
          },
        ),
        { numRuns: Math.min(harness.runs ?? 20, 20) },
      );
    });

    test('a version keeps its place, time, method and text where another store gave them', async () => {
      const kept: StoredVersion[] = [
        {
          type: 'Patient',
          id: 'a',
          version: 1,
          seq: 7,
          lastUpdated: 1_000,
          deleted: false,
          method: 'POST',
          created: true,
          json: '{"resourceType":"Patient","id":"a","n":1.50}',
        },
        { type: 'Patient', id: 'a', version: 2, seq: 12, lastUpdated: 500, deleted: true, method: 'DELETE', created: false, json: '' },
        // as a store has it that was written before this was kept
        { type: 'Patient', id: 'a', version: 3, seq: 13, lastUpdated: 600, deleted: false, method: 'PUT', created: false, json: '{}' },
      ];
      const copy = ({ json: _json, deleted, ...version }: StoredVersion, as: StoredVersion) =>
        store.commit({
          writes: [
            {
              type: version.type,
              id: version.id,
              expected: version.version - 1,
              ...(deleted ? {} : { resource: resourceWith('Patient', 'a') }),
              kept: as,
            },
          ],
        });
      for (const version of kept) expect(await copy(version, version)).toMatchObject({ ok: true, seq: version.seq, versions: [version] });
      expect(await walked(store, {})).toEqual(kept);
      expect(
        await store.commit({ writes: [{ type: 'Basic', id: 'b', resource: resourceWith('Basic', 'b'), kept: kept[0] as StoredVersion }] }),
      ).toEqual({
        ok: false,
        conflict: 'version',
        subject: 'Basic/b',
      });
      expect(await store.commit({ writes: [{ type: 'Basic', id: 'b', resource: resourceWith('Basic', 'b') }] })).toMatchObject({ seq: 14 });
    });

    test('a message keeps its place and all that became of it where another store gave them', async () => {
      const { raw, ...arrival } = arrivalOf('m1', 'C1', 'one');
      const row = {
        ...arrival,
        seq: 5,
        status: 'processed' as const,
        processedAt: 2_000,
        repeats: 3,
        attempts: 2,
        ack: 'MSA|AA',
        issues: '[]',
        trace: '{}',
      };
      await store.journal.receive({ ...arrival, raw, ack: row.ack, issues: row.issues, kept: row });
      expect(await store.journal.list(0, 9)).toEqual([row]);
      expect(await store.journal.counts()).toMatchObject({ received: 0, processed: 1 });
      expect(Buffer.from((await store.journal.raw('m1')) ?? []).toString()).toBe('one');
      expect(await store.journal.receive(arrivalOf('m2', 'C2', 'two'))).toMatchObject({ kind: 'new', row: { seq: 6 } });
      expect((await store.journal.list(5, 9)).map(({ id }) => id)).toEqual(['m2']);
    });

    test('claims and kinds of documents can be listed', async () => {
      const claims = ['k1', 'k2', 'k3'].map((key) => ({ key, owner: `Patient/${key}` }));
      await store.commit({ claims, documents: ['z', 'a', 'a'].map((kind, at) => ({ kind, key: String(at), json: '{}' })) });
      expect(await store.listClaims('', 2)).toEqual(claims.slice(0, 2));
      expect(await store.listClaims('k2', 9)).toEqual(claims.slice(2));
      expect(await store.documentKinds()).toEqual(['a', 'z']);
    });
  });
}
