import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { IndexValues } from '../../src/fhir/index-values.ts';
import { type Filter, searchOf } from '../../src/fhir/search-query.ts';
import { openWriting } from '../../src/store/sqlite/connection.ts';
import { addCompositeFunction } from '../../src/store/sqlite/composite.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { Statements } from '../../src/store/sqlite/statements.ts';
import { addTimeLimit } from '../../src/store/sqlite/time-limit.ts';
import { WriteInPlace } from '../../src/store/sqlite/write-in-place.ts';
import { Writer } from '../../src/store/sqlite/writer.ts';
import type { Store } from '../../src/store/store.ts';
import { resourceWith, testSettings } from './harness.ts';

let statements: Statements;
let store: Store;
const open = (searchTimeoutMs?: number): Store => {
  const settings = { ...testSettings(), path: ':memory:', ...(searchTimeoutMs === undefined ? {} : { searchTimeoutMs }) };
  return new SqliteStore(settings, statements, new WriteInPlace(new Writer(statements)));
};

beforeEach(() => {
  statements = new Statements(openWriting(':memory:'));
  addCompositeFunction(statements.database);
  addTimeLimit(statements.database);
  store = open();
});
afterEach(() => store.close());

const write = (id: string, index: Partial<IndexValues>) =>
  store.commit({ writes: [{ type: 'Observation', id, resource: resourceWith('Observation', id, index) }] });
const rowsOf = (table: string): number => Number(statements.get(`SELECT count(*) AS n FROM ${table}`)?.['n']);
const found = async (filter: Filter): Promise<string[]> => {
  const page = await store.search(searchOf('Observation', filter));
  return page.ok ? page.value.matches.map(({ id }) => id).sort() : page.issues.map(({ id }) => id);
};
const code = (parameter: string, text: string) => ({ parameter, system: 's', code: text });

describe('the index', () => {
  test('keeps a value once for all the parameters that have it', async () => {
    await write('a', {
      tokens: [code('code', '1'), code('combo-code', '1'), code('status', 'final')],
      references: ['subject', 'patient'].map((parameter) => ({ parameter, type: 'Patient', id: 'p' })),
    });
    expect([rowsOf('token_value'), rowsOf('reference_value')]).toEqual([2, 1]);
    await write('b', { tokens: [code('combo-code', '1')] });
    expect(await found({ op: 'token', parameter: 'combo-code', code: '1' })).toEqual(['a', 'b']);
    expect(await found({ op: 'token', parameter: 'code', code: '1' })).toEqual(['a']);
    expect(await found({ op: 'reference', parameter: 'patient', type: 'Patient', id: 'p' })).toEqual(['a']);
  });

  test('has what a resource is in the end where a change writes it twice, whether it was there or not', async () => {
    const version = (id: string, text: string) => ({
      type: 'Observation',
      id,
      resource: resourceWith('Observation', id, { tokens: [code('code', text)] }),
    });
    await write('old', { tokens: [code('code', 'before')] });
    const writes = ['first', 'last'].flatMap((text) => [version('new', text), version('old', text)]);
    expect(await store.commit({ writes })).toMatchObject({ ok: true });
    for (const text of ['before', 'first']) expect(await found({ op: 'token', parameter: 'code', code: text })).toEqual([]);
    expect(await found({ op: 'token', parameter: 'code', code: 'last' })).toEqual(['new', 'old']);
  });

  test('keeps one for each parameter where they have shared values in too many ways', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (let ways = 1; ways < 64; ways += 1)
      await write(`w${ways}`, { tokens: names.filter((_, bit) => (ways & (1 << bit)) !== 0).map((name) => code(name, '1')) });
    expect(rowsOf('value_key')).toBeLessThan(63);
    for (const name of names) expect((await found({ op: 'token', parameter: name, code: '1' })).length).toBe(32);
    for (let ways = 1; ways < 64; ways += 1) await write(`w${ways}`, {});
    expect(rowsOf('token_value')).toBe(0);
  });

  test('names no element of a composite twice where the number it has is the one the resource is found by', async () => {
    const quantity = { parameter: 'value', value: 5, low: 4.5, high: 5.5, system: '', code: 'mg', unit: 'mg' };
    const parts = [{ tokens: [code('code', '1')] }, { quantities: [quantity] }].map(
      (part) => resourceWith('', '', part)['index'] as IndexValues,
    );
    const empty = { tokens: [], strings: [], dates: [], numbers: [], quantities: [], references: [], uris: [], composites: [] };
    const composites = [{ parameter: 'code-value', parts: parts.map((part) => ({ ...empty, ...part })) }];
    await write('a', { tokens: [code('code', '1')], quantities: [quantity], composites });
    await write('b', { tokens: [code('code', '1')], quantities: [{ ...quantity, low: 4 }], composites });
    expect(statements.all('SELECT rest = ? AS plain FROM composite_value ORDER BY row', '')).toEqual([{ plain: 1 }, { plain: 0 }]);
    const first = { op: 'token', parameter: 'code', code: '1' } as const;
    const asked = { op: 'quantity', parameter: 'value', value: 4, low: 3.5, high: 4.5 } as const;
    for (const prefix of ['gt', 'sa'] as const)
      expect(await found({ op: 'composite', parameter: 'code-value', parts: [first, { ...asked, prefix }] })).toEqual(['a', 'b']);
  });
});

describe('a long list of alternatives', () => {
  const MANY = 5_000;
  const several = (of: (index: number) => Filter): Filter => ({ op: 'or', of: Array.from({ length: MANY }, (_, index) => of(index)) });

  beforeEach(async () => {
    await write('a', {
      tokens: [code('code', '7')],
      references: [{ parameter: 'subject', type: 'Patient', id: 'p7' }],
      strings: [{ parameter: 'note', value: 'X7', normalised: 'x7' }],
      uris: [{ parameter: 'source', value: 'urn:7' }],
      dates: [{ parameter: 'date', low: 7000, high: 8000 }],
      numbers: [{ parameter: 'size', value: 7, low: 6.5, high: 7.5 }],
    });
    await write('b', {});
  });

  const LISTS: Readonly<Record<string, (index: number) => Filter>> = {
    tokens: (index) => ({ op: 'token', parameter: 'code', system: 's', code: `${index}` }),
    references: (index) => ({ op: 'reference', parameter: 'subject', type: 'Patient', id: `p${index}` }),
    uris: (index) => ({ op: 'uri', parameter: 'source', match: 'exact', value: `urn:${index}` }),
  };
  test('of dates among them is searched too', async () => {
    const dates = Array.from(
      { length: 800 },
      (_, index): Filter => ({ op: 'date', parameter: 'date', prefix: 'eq', low: index * 1000, high: index * 1000 + 1000 }),
    );
    expect(await found({ op: 'or', of: dates })).toEqual(['a']);
    expect(await found({ op: 'not', of: { op: 'or', of: dates } })).toEqual(['b']);
  });

  for (const [name, of] of Object.entries(LISTS)) {
    test(`of ${name} is searched, and its opposite`, async () => {
      expect(await found(several(of))).toEqual(['a']);
      expect(await found({ op: 'not', of: several(of) })).toEqual(['b']);
    });
  }
});

describe('the few among many', () => {
  test('are found by their index where the newest are others, page by page, and in the order of a value', async () => {
    const many = (from: number, count: number, text: string) =>
      store.commit({
        writes: Array.from({ length: count }, (_, index) => {
          const id = `${text}${from + index}`;
          const dates = [{ parameter: 'date', low: from + index, high: from + index + 1 }];
          const tokens = [code('code', text), code('other', text), code('code', 'x')];
          return { type: 'Observation', id, resource: resourceWith('Observation', id, { tokens, dates }) };
        }),
      });
    await many(0, 30, 'old');
    await many(100, 60, 'new');
    const settings = { ...testSettings(), path: ':memory:', small: 8 };
    store = new SqliteStore(settings, statements, new WriteInPlace(new Writer(statements)));
    const filter: Filter = {
      op: 'or',
      of: [
        { op: 'token', parameter: 'code', code: 'old' },
        { op: 'token', parameter: 'other', code: 'old' },
      ],
    };
    for (const sort of [[], [{ parameter: 'date', descending: true }]]) {
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const page = await store.search(searchOf('Observation', filter, { count: 7, sort, ...(after === undefined ? {} : { after }) }));
        if (!page.ok) throw new Error('it was refused');
        seen.push(...page.value.matches.map(({ id }) => id));
        after = page.value.next;
      } while (after !== undefined);
      expect(seen).toEqual(Array.from({ length: 30 }, (_, index) => `old${29 - index}`));
    }
  });
});

describe('a search that takes too long', () => {
  const total = (filter: Filter) => store.search(searchOf('Observation', filter, { count: 0, total: 'accurate' }));

  test('is refused for its cost, an accurate total among them; the next one runs', async () => {
    const writes = Array.from({ length: 600 }, (_, index) => {
      const strings = [{ parameter: 'note', value: `n${index}`, normalised: `n${index}` }];
      return { type: 'Observation', id: `o${index}`, resource: resourceWith('Observation', `o${index}`, { strings }) };
    });
    await store.commit({ writes });
    const everything: Filter = { op: 'and', of: [] };
    const held: Filter = { op: 'string', parameter: 'note', match: 'contains', value: 'none' };
    expect(await total(everything)).toMatchObject({ value: { total: 600 } });
    store = open(0);
    expect(await total(everything)).toMatchObject({ ok: false, issues: [{ id: 'too-costly' }] });
    expect(await found(held)).toEqual(['too-costly']);
    const estimate = await store.search(searchOf('Observation', held, { count: 0, total: 'estimate' }));
    expect(estimate.ok && 'total' in estimate.value).toBe(false);
    store = open();
    expect(await found(held)).toEqual([]);
  });
});
