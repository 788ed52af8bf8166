import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HistoryQuery, Store, StoredVersion } from '../../src/store/store.ts';
import { type Harness, resourceWith, testSettings } from './harness.ts';

const minute = 60_000;
const instant = (low: number) => ({ low, high: low + 1 });

/** The history of an instance, a type and everything. */
export function contractOfHistory(harness: Harness): void {
  describe('history', () => {
    let settings = testSettings();
    let start = 0;
    let store: Store;
    const labels = async (query: Omit<HistoryQuery, 'count'> & { count?: number }): Promise<string[]> =>
      (await store.history({ count: 100, ...query })).versions.map((v) => `${v.type}/${v.id}/${v.version}${v.deleted ? ' deleted' : ''}`);

    beforeEach(async () => {
      settings = testSettings();
      start = settings.clock.now;
      store = await harness.open(settings);
      const put = async (type: string, id: string): Promise<void> => {
        await store.commit({ writes: [{ type, id, resource: resourceWith(type, id) }] });
        settings.clock.now += minute;
      };
      await put('Patient', 'a'); // minute 0
      await put('Observation', 'o'); // 1
      await put('Patient', 'b'); // 2
      await put('Patient', 'a'); // 3
      await store.commit({ writes: [{ type: 'Patient', id: 'b' }] }); // 4
      settings.clock.now += minute;
      await put('Patient', 'a'); // 5
    });
    afterEach(() => store.close());

    test('of an instance: every version, newest first', async () => {
      expect(await labels({ type: 'Patient', id: 'a' })).toEqual(['Patient/a/3', 'Patient/a/2', 'Patient/a/1']);
      expect(await labels({ type: 'Patient', id: 'b' })).toEqual(['Patient/b/2 deleted', 'Patient/b/1']);
      expect(await labels({ type: 'Patient', id: 'none' })).toEqual([]);
      expect((await store.history({ type: 'Patient', id: 'a', count: 1 })).total).toBe(3);
    });

    test('each version says how it was asked for, and whether anything was there before it', async () => {
      const resource = resourceWith('Basic', 'h');
      for (const write of [
        { method: 'POST', resource },
        { method: 'PATCH', resource },
        {},
        {},
        { resource },
        {},
        { method: 'POST', resource },
      ] as const)
        await store.commit({ writes: [{ type: 'Basic', id: 'h', ...write }] });
      const told = ['POST made', 'DELETE', 'PUT made', 'DELETE', 'PATCH', 'POST made'];
      const tell = ({ method, created }: StoredVersion) => `${method}${created ? ' made' : ''}`;
      expect((await store.history({ type: 'Basic', id: 'h', count: 9 })).versions.map(tell)).toEqual(told);
      expect((await store.history({ type: 'Basic', count: 9 })).versions.map(tell)).toEqual(told);
      const walked: StoredVersion[] = [];
      for await (const versions of store.walk({ type: 'Basic' })) walked.push(...versions);
      expect(walked.map(tell)).toEqual(told.toReversed());
      expect(tell((await store.readVersion('Basic', 'h', 2)) as StoredVersion)).toBe('PATCH');
      expect(tell((await store.read('Basic', 'h')) as StoredVersion)).toBe('POST made');
    });

    test('of a type, and of everything, in the order of commits', async () => {
      const patients = ['Patient/a/3', 'Patient/b/2 deleted', 'Patient/a/2', 'Patient/b/1', 'Patient/a/1'];
      expect(await labels({ type: 'Patient' })).toEqual(patients);
      expect(await labels({})).toEqual([...patients.slice(0, 4), 'Observation/o/1', 'Patient/a/1']);
      expect(await labels({ type: 'Encounter' })).toEqual([]);
    });

    test('since a time, that time included', async () => {
      expect(await labels({ since: start + 4 * minute })).toEqual(['Patient/a/3', 'Patient/b/2 deleted']);
      expect(await labels({ type: 'Patient', id: 'a', since: start + 3 * minute })).toEqual(['Patient/a/3', 'Patient/a/2']);
      expect(await labels({ since: start + 60 * minute })).toEqual([]);
    });

    test('at a time: what was current then', async () => {
      expect(await labels({ at: instant(start + 3 * minute) })).toEqual(['Patient/a/2', 'Patient/b/1', 'Observation/o/1']);
      expect(await labels({ type: 'Patient', id: 'a', at: instant(start + 3 * minute - 1) })).toEqual(['Patient/a/1']);
      expect(await labels({ type: 'Patient', at: instant(start + 4 * minute) })).toEqual(['Patient/b/2 deleted', 'Patient/a/2']);
      expect(await labels({ at: instant(start - 1) })).toEqual([]);
    });

    test('within a time: what was current at some moment of it', async () => {
      const at = { low: start + 3 * minute - 1, high: start + 4 * minute };
      expect(await labels({ type: 'Patient', at })).toEqual(['Patient/a/2', 'Patient/b/1', 'Patient/a/1']);
      expect((await store.history({ type: 'Patient', id: 'a', count: 9, at })).versions).toHaveLength(2);
      expect(await labels({ at: { low: start - minute, high: start } })).toEqual([]);
    });

    test('in pages, each version once, also when versions are written between them', async () => {
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const page = await store.history({ count: 2, ...(after === undefined ? {} : { after }) });
        expect(page.versions.length).toBeLessThanOrEqual(2);
        seen.push(...page.versions.map((v) => `${v.type}/${v.id}/${v.version}`));
        after = page.next;
        await store.commit({ writes: [{ type: 'Patient', id: 'a', resource: resourceWith('Patient', 'a') }] });
      } while (after !== undefined);
      expect(seen).toEqual(['Patient/a/3', 'Patient/b/2', 'Patient/a/2', 'Patient/b/1', 'Observation/o/1', 'Patient/a/1']);
    });

    test('a page that ends at the last version names no next', async () => {
      expect((await store.history({ type: 'Patient', id: 'a', count: 3 })).next).toBeUndefined();
      expect((await store.history({ type: 'Patient', id: 'a', count: 2 })).next).toBeDefined();
    });

    test('a cursor that no store gave is refused, not guessed at', async () => {
      await expect(store.history({ count: 2, after: 'nonsense' })).rejects.toMatchObject({ issues: [{ id: 'parameter-invalid' }] });
    });

    test('versions keep the text they had', async () => {
      const page = await store.history({ type: 'Patient', id: 'a', count: 3 });
      expect(page.versions.map((v) => (JSON.parse(v.json) as { meta: unknown }).meta)).toEqual([
        { versionId: '3', lastUpdated: new Date(start + 5 * minute).toISOString() },
        { versionId: '2', lastUpdated: new Date(start + 3 * minute).toISOString() },
        { versionId: '1', lastUpdated: new Date(start).toISOString() },
      ]);
    });
  });
}
