import { describe, expect, test } from 'vitest';
import { searchOf } from '../../src/fhir/search-query.ts';
import { arrivalOf } from './contract-journal.ts';
import { type Harness, resourceWith, testSettings } from './harness.ts';

/** What a store still knows after it was closed and opened. */
export function contractOfRestart(harness: Harness): void {
  const { reopen } = harness;
  describe.skipIf(reopen === undefined)('restart', () => {
    test('resources, history, index, keys, documents and messages are there after a restart', async () => {
      const settings = testSettings();
      let store = await harness.open(settings);
      const tokens = [{ parameter: 'p', system: 's', code: 'x' }];
      await store.journal.receive(arrivalOf('m1', 'C1', 'one'));
      for (const count of [1, 2]) {
        await store.commit({ writes: [{ type: 'Patient', id: 'a', resource: resourceWith('Patient', 'a', { tokens }, { count }) }] });
      }
      await store.commit({ claims: [{ key: 'k', owner: 'Patient/a' }], documents: [{ kind: 'd', key: '1', json: '{}' }] });

      store = (await reopen?.(store, settings)) ?? store;
      expect(await store.health()).toBeUndefined();
      expect(await store.read('Patient', 'a')).toMatchObject({ version: 2 });
      expect((await store.history({ type: 'Patient', id: 'a', count: 9 })).versions).toHaveLength(2);
      const found = await store.search(searchOf('Patient', { op: 'token', ...tokens[0]!, code: 'x' }));
      expect(found.ok && found.value.matches.map((match) => match.id)).toEqual(['a']);
      expect(await store.owners(['k'])).toEqual(['Patient/a']);
      expect(await store.documents([{ kind: 'd', key: '1' }])).toEqual(['{}']);
      expect((await store.journal.pending(0, 9)).map((row) => row.id)).toEqual(['m1']);
      expect(await store.journal.receive(arrivalOf('m2', 'C1', 'one'))).toMatchObject({ kind: 'repeat', row: { id: 'm1' } });

      const commit = await store.commit({ writes: [{ type: 'Patient', id: 'a', expected: 2, resource: resourceWith('Patient', 'a') }] });
      expect(commit).toMatchObject({ ok: true, versions: [{ version: 3 }] });
      await store.close();
    });
  });
}
