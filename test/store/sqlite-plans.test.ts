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
import type { SearchQuery } from '../../src/fhir/search-query.ts';

/** Statements that remember what was asked. */
class Watched extends Statements {
  readonly seen = new Set<string>();

  override prepare(sql: string): ReturnType<Statements['prepare']> {
    this.seen.add(sql);
    return super.prepare(sql);
  }
}

const statements = new Watched(openWriting(':memory:'));

/** The steps that read a table, or an index, from end to end. A derived table (d, i) and the few units may be. */
function scansOf(sql: string): string[] {
  const steps = statements.database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
  return steps.map((step) => String(step['detail'])).filter((detail) => /^SCAN (?!d$|i$|u$|json_each|CONSTANT|\()/.test(detail));
}

function scansOfSearch(query: SearchQuery, small?: number): string[] {
  statements.seen.clear();
  const compartments = compartmentsOf(query.filter, query.types, settings.compartmentParameters);
  const page = searchPage(statements, new Versions(statements), query, compartments, small === undefined ? {} : { small });
  expect(page.ok).toBe(true);
  return [...statements.seen].flatMap(scansOf);
}

describe('no search of the benchmark reads a table from end to end', () => {
  beforeAll(async () => {
    addCompositeFunction(statements.database);
    addTimeLimit(statements.database);
    const store = new SqliteStore({ ...settings, path: ':memory:' }, statements, new WriteInPlace(new Writer(statements)));
    for (const change of changesOf(0, 2_500, 500)) await store.commit(change);
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
