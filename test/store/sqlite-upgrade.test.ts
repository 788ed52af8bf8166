import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { type Filter, searchOf, type SortKey } from '../../src/fhir/search-query.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { STEPS } from '../../src/store/sqlite/schema.ts';
import type { Store } from '../../src/store/store.ts';
import { resourceWith, testSettings, valuesOf } from './harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'chartbridge-upgrade-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const DAY = 86_400_000;
const PERIOD = { parameter: 'date', low: 10 * DAY, high: Infinity };
const LOINC = 'http://loinc.org';

const element = (code: string, value: number) => ({
  parameter: 'code-value',
  parts: [
    valuesOf({ tokens: [{ parameter: 'code', system: LOINC, code }] }),
    valuesOf({ quantities: [{ parameter: 'value', value, low: value - 1, high: value + 1, system: '', code: 'mg', unit: 'mg' }] }),
  ],
});

/** What the rows below are made of: an update with it finds what they say. */
const VALUES = {
  tokens: [{ parameter: 'code', system: LOINC, code: '1' }],
  dates: [PERIOD],
  quantities: [{ parameter: 'value', value: 5, low: 4, high: 6, system: '', code: 'mg', unit: 'mg' }],
  references: [{ parameter: 'device', url: 'http://elsewhere/Device/1' }],
  uris: [{ parameter: 'source', value: 'http://lab.example/a' }],
  composites: [element('1', 5)],
};

/** Rows as the code of the third schema wrote them. */
const ROWS = `
  INSERT INTO chartbridge VALUES (1, 3);
  INSERT INTO type VALUES (1, 'Observation');
  INSERT INTO node (row, type, id, version, seq, updated, deleted, json) VALUES (1, 1, 'a', 1, 1, 1000, 0, '{"n":1}'), (2, 1, 'b', 1, 2, 2000, 0, '{"n":2}');
  INSERT INTO system VALUES (1, '${LOINC}');
  INSERT INTO token VALUES (1, '1', 1);
  INSERT INTO unit VALUES (1, 'mg', '', 'mg');
  INSERT INTO parameter (key, type, name, kinds, many, span) VALUES
    (1, 1, 'code', 1, 0, 0), (2, 1, 'date', 16, 0, 9e999), (3, 1, 'value', 32, 0, 0), (4, 1, 'device', 4, 0, 0),
    (5, 1, 'source', 4, 0, 0), (6, 1, 'code-value', 64, 0, 0), (7, 1, 'combo-code-value', 64, 0, 0), (8, 1, 'code-value/0', 1, 0, 0);
  INSERT INTO token_value (row, key, token) VALUES (1, 1, 1), (1, 8, 1);
  INSERT INTO date_value (row, key, low, high) VALUES (1, 2, ${10 * DAY}, 9e999);
  INSERT INTO number_value (row, key, part, value, low, high, unit) VALUES (1, 3, 0, 5, 4, 6, 1);
  INSERT INTO uri_value (row, key, value) VALUES (1, 4, 'http://elsewhere/Device/1'), (1, 5, 'http://lab.example/a');
  INSERT INTO composite_value (row, part, keys, parts) VALUES (1, 0, ',6,7,', '[{"t":[1,1]},{"n":[5,4,6,1]}]')`;

const found = async (store: Store, filter: Filter, sort: SortKey[] = []): Promise<string[]> => {
  const page = await store.search(searchOf('Observation', filter, { sort }));
  return page.ok ? page.value.matches.map(({ id }) => id) : page.issues.map(({ id }) => id);
};

const composite = (parameter: string, prefix: 'gt' | 'sa', value: number): Filter => ({
  op: 'composite',
  parameter,
  parts: [
    { op: 'token', parameter: 'code', system: LOINC, code: '1' },
    { op: 'quantity', parameter: 'value', prefix, value, low: value - 0.5, high: value + 0.5 },
  ],
});

const FILTERS: Readonly<Record<string, Filter>> = {
  'a token': { op: 'token', parameter: 'code', system: LOINC, code: '1' },
  'a period without an end, by its end': { op: 'date', parameter: 'date', prefix: 'gt', low: 99 * DAY, high: 100 * DAY },
  'a period without an end, between days': {
    op: 'and',
    of: [
      { op: 'date', parameter: 'date', prefix: 'ge', low: 99 * DAY, high: 100 * DAY },
      { op: 'date', parameter: 'date', prefix: 'le', low: 100 * DAY, high: 101 * DAY },
    ],
  },
  'a quantity': { op: 'quantity', parameter: 'value', prefix: 'gt', value: 4, low: 3.5, high: 4.5, code: 'mg' },
  'a reference by its url': { op: 'reference', parameter: 'device', url: 'http://elsewhere/Device/1' },
  'a uri below': { op: 'uri', parameter: 'source', match: 'below', value: 'http://lab.example' },
  'a composite': composite('code-value', 'gt', 4),
  'a composite after a span': composite('code-value', 'sa', 3),
  'a composite that shares its elements': composite('combo-code-value', 'gt', 4),
  'a composite that is there': { op: 'missing', parameter: 'code-value', missing: false },
  'a time of change': { op: 'lastUpdated', from: 1000, to: 1500 },
};

describe('a database of the third schema', () => {
  const path = join(folder, 'third.db');
  const database = new DatabaseSync(path);
  for (const step of STEPS.slice(0, 3)) database.exec(step);
  database.exec('CREATE TABLE chartbridge (one INTEGER PRIMARY KEY CHECK (one = 1), schema INTEGER NOT NULL)');
  database.exec(ROWS);
  database.close();

  for (const again of [false, true]) {
    test(again ? 'is searched the same when its resources are written again' : 'is searched as it was', async () => {
      const store = await openSqliteStore({ ...testSettings(), path });
      const composites = [...VALUES.composites, { ...element('1', 5), parameter: 'combo-code-value' }];
      const resource = resourceWith('Observation', 'a', { ...VALUES, composites });
      if (again) await store.commit({ writes: [{ type: 'Observation', id: 'a', resource }] });
      for (const [name, filter] of Object.entries(FILTERS)) {
        if (!again || filter.op !== 'lastUpdated') expect([name, await found(store, filter)]).toEqual([name, ['a']]);
        if (filter.op !== 'lastUpdated') expect([name, await found(store, { op: 'not', of: filter })]).toEqual([name, ['b']]);
      }
      expect(await found(store, composite('code-value', 'gt', 5))).toEqual([]);
      expect(await found(store, { op: 'and', of: [] }, [{ parameter: 'source', descending: true }])).toEqual(['a', 'b']);
      await store.close();
    });
  }

  test('what a resource no more says is no more found by', async () => {
    const store = await openSqliteStore({ ...testSettings(), path });
    await store.commit({ writes: [{ type: 'Observation', id: 'a', resource: resourceWith('Observation', 'a') }] });
    for (const [name, filter] of Object.entries(FILTERS))
      if (filter.op !== 'lastUpdated') expect([name, await found(store, filter)]).toEqual([name, []]);
    await store.close();
    const rest = new DatabaseSync(path);
    for (const table of ['token_value', 'date_value', 'number_value', 'composite_value'])
      expect(rest.prepare(`SELECT count(*) AS n FROM ${table}`).get()).toEqual({ n: 0 });
    rest.close();
  });
});

test('a database of the fourth schema keeps what it counted of feeds', async () => {
  const path = join(folder, 'fourth.db');
  const database = new DatabaseSync(path);
  for (const step of STEPS.slice(0, 4)) database.exec(step);
  database.exec(
    'CREATE TABLE chartbridge (one INTEGER PRIMARY KEY CHECK (one = 1), schema INTEGER NOT NULL); INSERT INTO chartbridge VALUES (1, 4)',
  );
  const put = database.prepare("INSERT INTO document (kind, key, json) VALUES ('feed', ?, ?)");
  put.run('LAB|HOSP', '{"received":9,"repeated":1,"accepted":5,"failed":2,"rejected":1,"lastAt":4711}');
  put.run('OLD|HOSP', '{"received":3}');
  database.close();
  const store = await openSqliteStore({ ...testSettings(), path });
  expect(await store.journal.feeds()).toEqual([
    { sender: 'LAB|HOSP', lastAt: 4711, received: 9, repeated: 1, accepted: 5, failed: 2, rejected: 1, merged: 0 },
    { sender: 'OLD|HOSP', lastAt: 0, received: 3, repeated: 0, accepted: 0, failed: 0, rejected: 0, merged: 0 },
  ]);
  expect(await store.documentKinds()).toEqual([]);
  await store.close();
});
