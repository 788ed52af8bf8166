import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { searchOf } from '../../src/fhir/search-query.ts';
import type { Store } from '../../src/store/store.ts';
import { type Harness, resourceWith, testSettings } from './harness.ts';

const ids = Array.from({ length: 50 }, (_, index) => `p${index}`);

/** What holds when many callers do the same thing at once. */
export function contractOfRaces(harness: Harness): void {
  describe('races', () => {
    let store: Store;
    beforeEach(async () => {
      store = await harness.open(testSettings());
    });
    afterEach(() => store.close());

    test('fifty conditional creates of one identity at once make exactly one', async () => {
      const token = { parameter: 'identifier', system: 'urn:oid:1.2', code: '4711' };
      const filter = { op: 'token', ...token } as const;
      const commits = await Promise.all(
        ids.map((id) =>
          store.commit({
            guards: [{ type: 'Patient', filter, key: 'Patient?identifier=urn:oid:1.2|4711', ids: [] }],
            writes: [{ type: 'Patient', id, expected: 0, resource: resourceWith('Patient', id, { tokens: [token] }) }],
          }),
        ),
      );
      expect(commits.filter((commit) => commit.ok)).toHaveLength(1);
      expect(new Set(commits.filter((commit) => !commit.ok).map((commit) => commit.conflict))).toEqual(new Set(['guard']));
      const found = await store.search(searchOf('Patient', filter));
      expect(found.ok && found.value.matches).toHaveLength(1);
    });

    test('fifty claims of one key at once give it to exactly one', async () => {
      const commits = await Promise.all(
        ids.map((id) =>
          store.commit({
            claims: [{ key: 'Patient|urn:oid:1.2|4711', owner: `Patient/${id}` }],
            writes: [{ type: 'Patient', id, resource: resourceWith('Patient', id) }],
          }),
        ),
      );
      const winner = commits.findIndex((commit) => commit.ok);
      expect(commits.filter((commit) => commit.ok)).toHaveLength(1);
      expect(await store.owners(['Patient|urn:oid:1.2|4711'])).toEqual([`Patient/${ids[winner]}`]);
      expect((await store.readMany(ids.map((id) => ({ type: 'Patient', id })))).filter(Boolean)).toHaveLength(1);
    });

    test('no update is lost: of fifty decided on one version one happens, and trying again all do', async () => {
      await store.commit({ writes: [{ type: 'Basic', id: 'counter', resource: resourceWith('Basic', 'counter', {}, { count: 0 }) }] });
      let lost = 0;
      const raise = async (): Promise<void> => {
        for (;;) {
          const current = await store.read('Basic', 'counter');
          const count = (JSON.parse(current?.json ?? '{}') as { count: number }).count + 1;
          const resource = resourceWith('Basic', 'counter', {}, { count });
          const commit = await store.commit({ writes: [{ type: 'Basic', id: 'counter', expected: current?.version ?? 0, resource }] });
          if (commit.ok) return;
          lost += 1;
        }
      };
      await Promise.all(ids.slice(0, 20).map(raise));
      const last = await store.read('Basic', 'counter');
      expect(JSON.parse(last?.json ?? '')).toMatchObject({ count: 20 });
      expect(last?.version).toBe(21);
      expect(lost).toBeGreaterThan(0);
    });

    test('a change in conflict does not disturb those beside it', async () => {
      const commits = await Promise.all(
        ids.map((id, index) =>
          store.commit({ writes: [{ type: 'Patient', id, expected: index % 2, resource: resourceWith('Patient', id) }] }),
        ),
      );
      expect(commits.map((commit) => commit.ok)).toEqual(ids.map((_, index) => index % 2 === 0));
      const found = await store.readMany(ids.map((id) => ({ type: 'Patient', id })));
      expect(found.map((version) => version?.version)).toEqual(ids.map((_, index) => (index % 2 === 0 ? 1 : undefined)));
    });

    test('what a change writes is read as soon as its promise resolves', async () => {
      await Promise.all(
        ids.map(async (id) => {
          await store.commit({ writes: [{ type: 'Patient', id, resource: resourceWith('Patient', id) }] });
          expect((await store.read('Patient', id))?.version).toBe(1);
        }),
      );
    });
  });
}
