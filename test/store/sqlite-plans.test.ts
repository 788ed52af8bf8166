import { beforeAll, describe, expect, test } from 'vitest';
import { changesOf, searches } from '../../bench/store.ts';
import { settings } from '../../bench/store.ts';
import { compartmentsOf } from '../../src/store/sqlite/compartments.ts';
import { addCompositeFunction } from '../../src/store/sqlite/composite.ts';
import { openWriting } from '../../src/store/sqlite/connection.ts';
import { messageSearch } from '../../src/store/sqlite/read-journal.ts';
import { searchPage } from '../../src/store/sqlite/search.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { Statements } from '../../src/store/sqlite/statements.ts';
import { addTimeLimit } from '../../src/store/sqlite/time-limit.ts';
import { Versions } from '../../src/store/sqlite/stored.ts';
import { WriteInPlace } from '../../src/store/sqlite/write-in-place.ts';
import { Writer } from '../../src/store/sqlite/writer.ts';
import type { MessageQuery } from '../../src/store/journal.ts';
import { type SearchQuery, searchOf } from '../../src/fhir/search-query.ts';
import { historyPage } from '../../src/store/sqlite/history.ts';
import { walkPage } from '../../src/store/sqlite/walk-page.ts';
import type { HistoryQuery } from '../../src/store/store.ts';
import { resourceWith, testSettings } from './harness.ts';

/** Statements that remember what was asked. */
class Watched extends Statements {
  readonly seen = new Set<string>();

  override prepare(sql: string): ReturnType<Statements['prepare']> {
    this.seen.add(sql);
    return super.prepare(sql);
  }
}

const statements = new Watched(openWriting(':memory:'));

/** Tables with a row for each type, parameter or unit there is: reading one is nothing. */
const SMALL = new Set(['type', 'unit', 'value_key', 'parameter', 'system']);

/** The steps that read a table, or an index, from end to end. What stands in parentheses is no table, and a walk by row is left when the page is full. */
function scansOf(sql: string): string[] {
  const tables = new Map(
    Array.from(
      sql.matchAll(/\b(?:FROM|JOIN) ([a-z_]+)(?: (?!WHERE|CROSS|ORDER|JOIN|UNION|LIMIT)([a-z]\w*))?/g),
      ([, table = '', alias = table]) => [alias, table],
    ),
  );
  const steps = statements.database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
  return steps
    .map((step) => String(step['detail']))
    .filter((detail) => {
      const [, alias = ''] = /^SCAN (\w+)/.exec(detail) ?? [];
      const table = tables.get(alias);
      return table !== undefined && table !== 'json_each' && !SMALL.has(table);
    });
}

function scansOfSearch(query: SearchQuery, small?: number): string[] {
  statements.seen.clear();
  const compartments = compartmentsOf(query.filter, query.types, settings.compartmentParameters);
  const page = searchPage(statements, new Versions(statements), query, compartments, small === undefined ? {} : { small });
  expect(page.ok).toBe(true);
  return [...statements.seen].flatMap(scansOf);
}

const SOME_DAY = Date.UTC(2021, 5, 1);
const GREAT = { op: 'quantity', parameter: 'value-quantity', prefix: 'gt', value: 90, low: 89.5, high: 90.5 } as const;
const ALL_TYPES = ['Patient', 'Observation', 'Encounter', 'Organization'];
const token = (parameter: string, code: string) => ({ op: 'token', parameter, system: 'http://loinc.org', code }) as const;

/** An open period, so that no bound on the length of one helps. */
const OPEN = { parameter: 'date', low: SOME_DAY, high: Infinity };

describe('no search reads a table from end to end', () => {
  beforeAll(async () => {
    addCompositeFunction(statements.database);
    addTimeLimit(statements.database);
    const store = new SqliteStore({ ...settings, path: ':memory:' }, statements, new WriteInPlace(new Writer(statements)));
    for (const change of changesOf(0, 2_500, 500)) await store.commit(change);
    const own = new SqliteStore({ ...testSettings(), path: ':memory:' }, statements, new WriteInPlace(new Writer(statements)));
    await own.commit({ writes: [{ type: 'Encounter', id: 'e', resource: resourceWith('Encounter', 'e', { dates: [OPEN] }) }] });
  });

  for (const [name, query] of Object.entries(searches)) {
    test(name, () => expect(scansOfSearch(query(7))).toEqual([]));
    test(`${name}, among many`, () => expect(scansOfSearch(query(7), 3)).toEqual([]));
    test(`${name}, next page and total`, () => {
      const first = searchPage(statements, new Versions(statements), { ...query(7), count: 1 }, new Map());
      const after = first.ok ? first.value.next : undefined;
      expect(scansOfSearch({ ...query(7), total: 'accurate', ...(after === undefined ? {} : { after }) })).toEqual([]);
    });
  }

  test('one that did would be seen', () => {
    expect(scansOf('SELECT d.row FROM (SELECT v.row AS row FROM token_value v WHERE +v.token = 1) d')).toEqual([
      'SCAN v USING COVERING INDEX token_value_by',
    ]);
    expect(scansOf('SELECT d.row FROM node d WHERE d.deleted = 1')).toEqual(['SCAN d']);
  });

  const kinds: Record<string, SearchQuery> = {
    ids: searchOf('Observation', { op: 'id', ids: ['a', 'b'] }),
    'a code of no stated system': searchOf('Observation', { op: 'token', parameter: 'code', code: '1000-0' }),
    'a system': searchOf('Observation', { op: 'token', parameter: 'identifier', system: 'urn:oid:2.16.840.1.113883.19.4' }),
    'one of many codes': searchOf('Observation', { op: 'or', of: Array.from({ length: 30 }, (_, index) => token('code', `10${index}-0`)) }),
    'no such code': searchOf('Observation', {
      op: 'and',
      of: [token('category', 'laboratory'), { op: 'not', of: token('code', '1000-0') }],
    }),
    'the text of a code': searchOf('Observation', { op: 'tokenText', parameter: 'code', value: 'invented' }),
    'an identifier by its type': searchOf('Patient', { op: 'ofType', parameter: 'identifier', system: 's', code: 'MR', value: '1' }),
    'a reference by its identifier': searchOf('Observation', { op: 'referenceIdentifier', parameter: 'performer', value: '1' }),
    'a reference by its url': searchOf('Observation', { op: 'reference', parameter: 'device', url: 'http://elsewhere/Device/1' }),
    'a uri below': searchOf('Observation', { op: 'uri', parameter: '_source', match: 'below', value: 'urn:sender' }),
    'a quantity in a unit': searchOf('Observation', { ...GREAT, system: 'http://unitsofmeasure.org', code: 'mmol/L' }),
    'a quantity after a span': searchOf('Observation', { ...GREAT, prefix: 'sa' }),
    'dates since': searchOf('Observation', { op: 'date', parameter: 'date', prefix: 'ge', low: SOME_DAY, high: SOME_DAY + 1 }),
    'dates before': searchOf('Observation', { op: 'date', parameter: 'date', prefix: 'eb', low: SOME_DAY, high: SOME_DAY + 1 }),
    'periods without an end': searchOf('Encounter', { op: 'date', parameter: 'date', prefix: 'gt', low: SOME_DAY, high: SOME_DAY + 1 }),
    'a composite of several codes': searchOf('Observation', {
      op: 'composite',
      parameter: 'combo-code-value-quantity',
      parts: [{ op: 'or', of: [token('code', '1000-0'), token('code', '1001-1')] }, GREAT],
    }),
    'a composite of one patient': searchOf('Observation', {
      op: 'and',
      of: [
        { op: 'reference', parameter: 'patient', type: 'Patient', id: 'pat-1' },
        { op: 'composite', parameter: 'code-value-quantity', parts: [token('code', '1000-0'), GREAT] },
      ],
    }),
    'those that have a composite': searchOf('Observation', { op: 'missing', parameter: 'code-value-quantity', missing: false }),
    'a type since a time': searchOf('Observation', { op: 'lastUpdated', from: SOME_DAY }),
    'a type, by value': searchOf('Observation', { op: 'and', of: [] }, { sort: [{ parameter: 'value-quantity', descending: false }] }),
    'everything about a patient': {
      ...searchOf(
        '',
        { op: 'compartment', type: 'Patient', id: 'pat-1' },
        { includes: ALL_TYPES.map((source) => ({ direction: 'forward', source, iterate: false })) },
      ),
      types: ALL_TYPES,
    },
    'whatever refers to a patient': searchOf(
      'Patient',
      { op: 'id', ids: ['pat-1'] },
      { includes: ALL_TYPES.map((source) => ({ direction: 'reverse', source, iterate: true })) },
    ),
  };
  for (const [name, query] of Object.entries(kinds)) {
    test(`by ${name}`, () => expect(scansOfSearch(query)).toEqual([]));
    test(`by ${name}, among many`, () => expect(scansOfSearch({ ...query, total: 'accurate' }, 3)).toEqual([]));
  }

  test('includes of every type are one look-up', () => {
    scansOfSearch(kinds['everything about a patient'] as SearchQuery);
    expect([...statements.seen].filter((sql) => sql.includes('JOIN node n ON'))).toHaveLength(1);
  });

  const histories: Record<string, HistoryQuery> = {
    'of a resource': { type: 'Observation', id: 'a', count: 9 },
    'of a type': { type: 'Observation', count: 9 },
    'of a type since a time': { type: 'Observation', since: SOME_DAY, count: 9 },
    'of everything, as it was': { at: { low: SOME_DAY, high: SOME_DAY + 1 }, count: 9, after: '1000' },
  };
  for (const [name, query] of Object.entries(histories)) {
    test(`history ${name}`, () => {
      statements.seen.clear();
      historyPage(statements, new Versions(statements), query);
      expect([...statements.seen].flatMap(scansOf)).toEqual([]);
    });
  }

  test('an export since a time', () => {
    statements.seen.clear();
    walkPage(statements, new Versions(statements), { since: SOME_DAY, current: true, upTo: 2_000 }, 0);
    expect([...statements.seen].flatMap(scansOf)).toEqual([]);
  });

  const messages: Record<string, Partial<MessageQuery>> = {
    'by medical record number': { mrn: '1' },
    'by visit, of a status': { visit: '1', status: 'error' },
    'by order, since a time': { order: '1', from: 5 },
    'by the beginning of a name': { name: 'mul' },
    'by control id of a sender': { controlId: '1', sender: 'A|B' },
    'by status': { status: 'error' },
    'by time': { from: 1, to: 2 },
  };
  for (const [name, query] of Object.entries(messages)) {
    test(`messages ${name}`, () => expect(scansOf(messageSearch({ count: 20, ...query }).text)).toEqual([]));
  }

  test('messages that wait', () => {
    expect(scansOf("SELECT id FROM message WHERE status IN ('received', 'queued') AND seq > ? ORDER BY seq LIMIT ?")).toEqual([]);
  });
});
