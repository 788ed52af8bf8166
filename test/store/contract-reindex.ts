import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { IndexValues } from '../../src/fhir/index-values.ts';
import { searchOf } from '../../src/fhir/search-query.ts';
import type { Store } from '../../src/store/store.ts';
import { type Harness, resourceWith, testSettings, valuesOf } from './harness.ts';

/** What resources are found by can be taken out anew: a search parameter that came later finds what was there before it. */
export function contractOfReindex(harness: Harness): void {
  describe('taking out anew what resources are found by', () => {
    let later: Partial<IndexValues> | undefined;
    let store: Store;
    beforeEach(async () => {
      later = undefined;
      store = await harness.open({ ...testSettings(), extract: (resource) => valuesOf(later ?? resource['index'] ?? {}) });
    });
    afterEach(() => store.close());
    const token = (parameter: string, code: string) => ({ tokens: [{ parameter, system: '', code }] });
    const found = async (parameter: string, code: string) => {
      const page = await store.search(searchOf('Patient', { op: 'token', parameter, code }));
      return page.ok ? page.value.matches.map(({ id, version }) => `${id}/${version}`).sort() : page.issues;
    };
    const put = (id: string) =>
      store.commit({ writes: [{ type: 'Patient', id, resource: resourceWith('Patient', id, token('old', 'x')) }] });

    test('makes no version, finds by the new and not by the old', async () => {
      for (const id of ['a', 'b']) await put(id);
      const before = await store.read('Patient', 'a');
      later = token('new', 'y');
      expect(await store.reindex([{ type: 'Patient', id: 'a' }])).toBe(1);
      expect(await found('new', 'y')).toEqual(['a/1']);
      expect(await found('old', 'x')).toEqual(['b/1']);
      expect(await store.read('Patient', 'a')).toEqual(before);
      expect((await store.history({ count: 9 })).versions).toHaveLength(2);
      expect(await store.reindex([{ type: 'Patient', id: 'a' }])).toBe(1);
      expect(await found('new', 'y')).toEqual(['a/1']);
    });

    test('passes over what is deleted or not there', async () => {
      await put('a');
      await store.commit({ writes: [{ type: 'Patient', id: 'a' }] });
      later = token('new', 'y');
      expect(
        await store.reindex([
          { type: 'Patient', id: 'a' },
          { type: 'Patient', id: 'nobody' },
        ]),
      ).toBe(0);
      expect(await store.reindex([])).toBe(0);
      expect(await found('new', 'y')).toEqual([]);
    });

    test('while others write loses nothing of either', async () => {
      for (let index = 0; index < 20; index += 1) await put(`p${index}`);
      later = token('new', 'y');
      const all = Array.from({ length: 20 }, (_, index) => ({ type: 'Patient', id: `p${index}` }));
      await Promise.all([...all.map(({ id }) => put(id)), store.reindex(all), store.reindex(all)]);
      expect(await found('new', 'y')).toHaveLength(20);
      expect(await found('old', 'x')).toEqual([]);
    });
  });
}
