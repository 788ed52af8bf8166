import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DatabaseSync } from 'node:sqlite';
import { RowInsert } from '../../src/store/sqlite/insert-rows.ts';
import { Statements } from '../../src/store/sqlite/statements.ts';

describe('rows that are inserted together', () => {
  let statements: Statements;
  let insert: RowInsert;
  beforeEach(() => {
    statements = new Statements(new DatabaseSync(':memory:'));
    statements.run('CREATE TABLE place (a INTEGER NOT NULL, b TEXT NOT NULL, PRIMARY KEY (a)) WITHOUT ROWID');
    insert = new RowInsert(statements, 'place', ['a', 'b']);
  });
  afterEach(() => statements.database.close());

  const rows = (count: number): (number | string)[] => Array.from({ length: count }, (_, at) => [at, `b${at}`]).flat();
  const kept = (): unknown[] => statements.all('SELECT a, b FROM place ORDER BY a').flatMap(({ a, b }) => [a, b]);

  test.each([0, 1, 3, 4, 5, 63, 64, 65, 200])('%i of them are all there', (count) => {
    insert.run(rows(count));
    expect(kept()).toEqual(rows(count));
  });

  test('what is there already stays, and what comes with it is inserted', () => {
    statements.run("INSERT INTO place VALUES (2, 'before')");
    insert.run(rows(90));
    expect(kept()).toEqual(rows(90).map((value) => (value === 'b2' ? 'before' : value)));
  });

  test('a value that cannot be kept fails, however many come with it', () => {
    for (const count of [1, 4, 64]) {
      const values = [...rows(count).slice(0, -1), null];
      expect(() => insert.run(values)).toThrow(/NOT NULL/);
    }
  });
});
