import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EVERYTHING, type Filter, searchOf, type SearchQuery, type SortKey } from '../../src/fhir/search-query.ts';
import type { Store } from '../../src/store/store.ts';
import { type Harness, resourceWith, testSettings } from './harness.ts';

/** Pages of a search while the store is written to. */
export function contractOfPaging(harness: Harness): void {
  describe('paging', () => {
    let settings = testSettings();
    let store: Store;
    const put = async (id: string, rank = id): Promise<void> => {
      settings.clock.now += 1000;
      const index = {
        strings: [{ parameter: 'rank', value: rank, normalised: rank }],
        tokens: [{ parameter: 'code', system: 's', code: 'x' }],
      };
      await store.commit({ writes: [{ type: 'Basic', id, resource: resourceWith('Basic', id, index) }] });
    };
    const walk = async (query: Partial<SearchQuery>, between: (page: number) => Promise<void>): Promise<string[]> => {
      const found: string[] = [];
      let after: string | undefined;
      let number = 0;
      do {
        const page = await store.search(searchOf('Basic', EVERYTHING, { count: 2, ...query, ...(after === undefined ? {} : { after }) }));
        if (!page.ok) throw new Error(JSON.stringify(page.issues));
        found.push(...page.value.matches.map((match) => match.id));
        after = page.value.next;
        number += 1;
        await between(number);
      } while (after !== undefined);
      return found;
    };

    beforeEach(async () => {
      settings = testSettings();
      store = await harness.open(settings);
      for (const id of ['a', 'b', 'c', 'd', 'e']) await put(id);
    });
    afterEach(() => store.close());

    const code: Filter = { op: 'token', parameter: 'code', system: 's', code: 'x' };
    const byRank: SortKey[] = [{ parameter: 'rank', descending: false }];

    test('the order, where none is asked, is newest first by creation; an update moves nothing', async () => {
      await put('b');
      expect(await walk({}, async () => {})).toEqual(['e', 'd', 'c', 'b', 'a']);
      expect(await walk({ filter: code }, async () => {})).toEqual(['e', 'd', 'c', 'b', 'a']);
    });

    test('what is created after the first page does not appear', async () => {
      expect(await walk({ filter: code }, (page) => put(`new${page}`))).toEqual(['e', 'd', 'c', 'b', 'a']);
      expect(await walk({ sort: byRank, count: 3 }, (page) => put(`aa${page}`))).toEqual(['a', 'b', 'c', 'd', 'e', 'new1', 'new2', 'new3']);
    });

    test('what was referred to before it existed does not appear either when it is created after the first page', async () => {
      const index = { references: [{ parameter: 'subject', type: 'Basic', id: 'later' }] };
      await store.commit({ writes: [{ type: 'List', id: 'l', resource: resourceWith('List', 'l', index) }] });
      expect(await walk({ filter: code }, () => put('later'))).toEqual(['e', 'd', 'c', 'b', 'a']);
      const found = await store.search(searchOf('List', { op: 'chain', parameter: 'subject', types: ['Basic'], filter: code }));
      expect(found.ok && found.value.matches.map((match) => match.id)).toEqual(['l']);
    });

    test('updates between pages neither hide nor double anything in the order of creation', async () => {
      expect(await walk({ filter: code }, () => put('b'))).toEqual(['e', 'd', 'c', 'b', 'a']);
      expect(await walk({}, async () => Promise.all(['e', 'a', 'c'].map((id) => put(id))).then(() => undefined))).toEqual([
        'e',
        'd',
        'c',
        'b',
        'a',
      ]);
    });

    test('updates that leave the sort value alone neither hide nor double anything', async () => {
      expect(await walk({ sort: byRank }, () => put('d'))).toEqual(['a', 'b', 'c', 'd', 'e']);
    });

    test('what is deleted before its page comes is left out, and nothing else', async () => {
      const found = await walk({ filter: code }, async (page) => {
        if (page === 1)
          await store.commit({
            writes: [
              { type: 'Basic', id: 'd' },
              { type: 'Basic', id: 'b' },
            ],
          });
      });
      expect(found).toEqual(['e', 'd', 'c', 'a']);
    });

    test('a resource whose sort value changes stands where the new value puts it', async () => {
      const found = await walk({ sort: byRank }, async (page) => {
        if (page === 1) await put('c', 'z');
      });
      expect(found).toEqual(['a', 'b', 'd', 'e', 'c']);
    });

    test('a page that ends at the last match names no next', async () => {
      const page = await store.search(searchOf('Basic', EVERYTHING, { count: 5 }));
      expect(page.ok && page.value.next).toBeUndefined();
    });

    test('a count of none gives only the total', async () => {
      const page = await store.search(searchOf('Basic', code, { count: 0, total: 'accurate' }));
      expect(page).toEqual({ ok: true, issues: [], value: { matches: [], included: [], total: 5 } });
      const estimate = await store.search(searchOf('Basic', code, { count: 0, total: 'estimate' }));
      expect(estimate.ok && estimate.value.total).toBe(5);
      const none = await store.search(searchOf('Basic', code, { count: 0 }));
      expect(none.ok && none.value.total).toBeUndefined();
    });

    test('a cursor that no page gave is refused', async () => {
      for (const after of ['', 'nonsense', 'WzFd', 'bnVsbA', Buffer.from('[1,2,{"a":1}]').toString('base64url')]) {
        expect(await store.search(searchOf('Basic', EVERYTHING, { after }))).toMatchObject({
          ok: false,
          issues: [{ id: 'parameter-invalid' }],
        });
      }
      const first = await store.search(searchOf('Basic', EVERYTHING, { count: 1 }));
      const after = first.ok ? (first.value.next ?? '') : '';
      expect(await store.search(searchOf('Basic', EVERYTHING, { sort: byRank, after }))).toMatchObject({ ok: false });
    });
  });
}
