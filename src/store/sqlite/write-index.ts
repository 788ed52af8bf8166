import type { Dictionary } from './dictionary.ts';
import type { IndexRows } from './index-rows.ts';
import { BETWEEN } from './shared-values.ts';
import type { Bound, Statements } from './statements.ts';
import { difference, type Tuple } from './tuples.ts';
import { CompositeWriter } from './write-composites.ts';

/** The columns of each index table, after the row of the resource. */
const COLUMNS = {
  token_value: ['key', 'token'],
  reference_value: ['key', 'target'],
  string_value: ['key', 'part', 'folded', 'value'],
  date_value: ['key', 'low', 'high'],
  number_value: ['key', 'part', 'value', 'low', 'high', 'unit'],
} as const;

type Table = keyof typeof COLUMNS;

const TABLES = Object.keys(COLUMNS) as Table[];

/** A number that has no fraction is kept as an integer, and one beyond 2^53 could then not be read as a number. */
function readable(table: string, column: string): string {
  const isMeasure = (table === 'number_value' || table === 'date_value') && (column === 'value' || column === 'low' || column === 'high');
  return isMeasure ? `CAST(${column} AS REAL) AS ${column}` : column;
}

const SQL = Object.fromEntries(
  TABLES.map((table) => {
    const columns = COLUMNS[table];
    return [
      table,
      {
        insert: `INSERT INTO ${table} (row, ${columns.join(', ')}) VALUES (?${', ?'.repeat(columns.length)}) ON CONFLICT DO NOTHING`,
        select: `SELECT ${columns.map((column) => readable(table, column)).join(', ')} FROM ${table} WHERE row = ?`,
        remove: `DELETE FROM ${table} WHERE row = ?${columns.map((column) => ` AND ${column} = ?`).join('')}`,
      },
    ];
  }),
) as Record<Table, { insert: string; select: string; remove: string }>;

/** Writes what a resource is found by: everything for a new one, the difference for one that was there. */
export class IndexWriter {
  readonly #statements: Statements;
  readonly #dictionary: Dictionary;
  readonly #composites: CompositeWriter;

  constructor(statements: Statements, dictionary: Dictionary) {
    this.#statements = statements;
    this.#dictionary = dictionary;
    this.#composites = new CompositeWriter(statements, dictionary);
  }

  /** `rows` undefined removes everything. */
  write(row: number, type: number, rows: IndexRows | undefined, isNew: boolean): void {
    const wanted = rows === undefined ? undefined : this.#tuples(type, rows);
    // Before the tokens, by which those that were there are found.
    this.#composites.write(row, type, rows?.composites ?? [], isNew);
    for (const table of TABLES) {
      if (isNew) for (const tuple of wanted?.[table] ?? []) this.#statements.run(SQL[table].insert, row, ...tuple);
      else this.#replace(table, row, wanted?.[table] ?? []);
    }
  }

  /** Where a name stood for a resource not yet there, the references to it follow it to its row. */
  moveTarget(from: number, to: number): void {
    this.#statements.run('UPDATE reference_value SET target = ? WHERE target = ?', to, from);
  }

  #replace(table: Table, row: number, wanted: readonly Tuple[]): void {
    const found = this.#statements.all(SQL[table].select, row).map((old) => COLUMNS[table].map((column) => old[column] as Bound));
    const { gone, missing } = difference(found, wanted);
    for (const tuple of gone) this.#statements.run(SQL[table].remove, row, ...tuple);
    for (const tuple of missing) this.#statements.run(SQL[table].insert, row, ...tuple);
  }

  #tuples(type: number, rows: IndexRows): Record<Table, Tuple[]> {
    const dictionary = this.#dictionary;
    const tuples: Record<Table, Tuple[]> = { token_value: [], reference_value: [], string_value: [], date_value: [], number_value: [] };
    const { tokens, references, strings, dates, numbers } = rows;
    for (let at = 0; at < tokens.length; at += 3) {
      const token = dictionary.token(tokens[at + 1] as string, tokens[at + 2] as string);
      for (const key of dictionary.keys(type, tokens[at] as string, 'token')) tuples.token_value.push([key, token]);
    }
    for (let at = 0; at < references.length; at += 3) {
      const target = this.#target(references[at + 1] as string, references[at + 2] as string);
      for (const key of dictionary.keys(type, references[at] as string, 'reference')) tuples.reference_value.push([key, target]);
    }
    for (let at = 0; at < strings.length; at += 3) {
      const [names, folded, value] = strings.slice(at, at + 3) as [string, string, string];
      for (const key of dictionary.keys(type, names, 'string')) tuples.string_value.push([key, at / 3, folded, value]);
    }
    for (let at = 0; at < dates.length; at += 3) {
      const [names, low, high] = dates.slice(at, at + 3) as [string, number, number];
      const several = rows.severalDates.length > 0 && names.split(BETWEEN).some((name) => rows.severalDates.includes(name));
      for (const key of dictionary.keys(type, names, 'date', several, high - low)) tuples.date_value.push([key, low, high]);
    }
    for (let at = 0; at < numbers.length; at += 7) {
      const [names, value, low, high, system, code, unit] = numbers.slice(at, at + 7) as [
        string,
        number,
        number,
        number,
        string,
        string,
        string,
      ];
      for (const key of dictionary.keys(type, names, 'number'))
        tuples.number_value.push([key, at / 7, value, low, high, dictionary.unit(system, code, unit)]);
    }
    return tuples;
  }

  /** The row of the resource referred to; where there is none yet, one is made that only holds its name. */
  #target(type: string, id: string): number {
    const number = this.#dictionary.type(type);
    const found = this.#statements.get('SELECT row FROM node WHERE id = ? AND type = ?', id, number);
    if (found !== undefined) return Number(found['row']);
    const made = this.#statements
      .prepare(`INSERT INTO node (type, id, version, seq, updated, deleted, json) VALUES (?, ?, 0, 0, 0, 1, '')`)
      .run(number, id);
    return Number(made.lastInsertRowid);
  }
}
