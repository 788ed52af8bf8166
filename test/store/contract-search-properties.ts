import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Filter, SortKey } from '../../src/fhir/search-query.ts';
import type { Store } from '../../src/store/store.ts';
import { event, filter, order, searchedTypes } from './arbitraries.ts';
import { type Harness, testSettings, valuesOf } from './harness.ts';
import { type Entry, naiveOrder, NaiveSearch } from './naive.ts';

type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

/** Plays events into a fresh store, the clock one tick ahead for each, and says what is then live, newest first. */
async function play(store: Store, clock: { now: number }, events: readonly Event[]): Promise<Entry[]> {
  const live = new Map<string, { created: number; entry: Entry }>();
  const known = new Map<string, number>();
  for (const [tick, { type, id, values }] of events.entries()) {
    const name = `${type}/${id}`;
    if (values === undefined && !known.has(name)) continue;
    clock.now = tick;
    await store.commit({
      writes: [{ type, id, ...(values === undefined ? {} : { resource: { resourceType: type, id, index: values } }) }],
    });
    if (!known.has(name)) known.set(name, tick);
    if (values === undefined) live.delete(name);
    else live.set(name, { created: known.get(name) ?? tick, entry: { type, id, updated: tick, values: valuesOf(values) } });
  }
  return [...live.values()].sort((a, b) => b.created - a.created).map(({ entry }) => entry);
}

const name = ({ type, id }: { readonly type: string; readonly id: string }): string => `${type}/${id}`;

/** Every page of a search, and the total the first one gives. */
async function everyPage(store: Store, types: readonly string[], asked: Filter, sort: readonly SortKey[], count: number) {
  const found: string[] = [];
  let after: string | undefined;
  let total: number | undefined;
  do {
    const query = {
      types,
      filter: asked,
      sort,
      count,
      includes: [],
      total: 'accurate',
      ...(after === undefined ? {} : { after }),
    } as const;
    const page = await store.search(query);
    if (!page.ok) throw new Error(JSON.stringify(page.issues));
    expect(page.value.matches.length).toBeLessThanOrEqual(count);
    found.push(...page.value.matches.map(name));
    total ??= page.value.total;
    after = page.value.next;
  } while (after !== undefined);
  return { found, total };
}

/** A guard is the same search inside a write: it holds for what the search gave, and for nothing else. */
async function expectGuard(store: Store, type: string, asked: Filter, expected: readonly string[]): Promise<void> {
  const ids = expected.map((found) => found.slice(type.length + 1));
  const guard = { type, filter: asked, key: 'k' };
  expect(await store.commit({ guards: [{ ...guard, ids }] })).toMatchObject({ ok: true });
  const other = ids.length > 0 ? ids.slice(1) : ['nobody'];
  expect(await store.commit({ guards: [{ ...guard, ids: other }] })).toEqual({ ok: false, conflict: 'guard', subject: 'k' });
}

/** Search against a naive evaluation of the same filter over the same values. */
export function contractOfSearchProperties(harness: Harness): void {
  describe('search, compared with an oracle', () => {
    const search = fc.record({ types: searchedTypes, filter, sort: order, count: fc.integer({ min: 1, max: 7 }) });
    const stories = fc.record({
      events: fc.array(event, { maxLength: 30, size: 'max' }),
      searches: fc.array(search, { minLength: 20, maxLength: 30 }),
    });

    test('any filter, in any order, in pages of any size, finds what the oracle finds', async () => {
      await fc.assert(
        fc.asyncProperty(stories, async ({ events, searches }) => {
          const settings = testSettings();
          const store = await harness.open(settings);
          try {
            const live = await play(store, settings.clock, events);
            const oracle = new NaiveSearch(live, settings.compartmentParameters);
            for (const { types, filter: asked, sort, count } of searches) {
              const expected = naiveOrder(oracle.find(types, asked), sort).map(name);
              const { found, total } = await everyPage(store, types, asked, sort, count);
              expect({ asked, sort, found, total }).toEqual({ asked, sort, found: expected, total: expected.length });
              if (types.length === 1) await expectGuard(store, types[0] as string, asked, expected);
            }
          } finally {
            await store.close();
          }
        }),
        { numRuns: harness.runs ?? 60 },
      );
    });
  });
}
