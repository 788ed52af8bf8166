import type { Dictionary } from './dictionary.ts';
import type { IndexRows } from './index-rows.ts';
import { RowInsert } from './insert-rows.ts';
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
        select: `SELECT ${columns.map((column) => readable(table, column)).join(', ')} FROM ${table} WHERE row = ?`,
        remove: `DELETE FROM ${table} WHERE row = ?${columns.map((column) => ` AND ${column} = ?`).join('')}`,
      },
    ];
  }),
) as Record<Table, { select: string; remove: string }>;

/** A resource and what it is found by; without it, by nothing any more. */
export interface Indexed {
  readonly row: number;
  readonly type: number;
  readonly id: string;
  readonly rows: IndexRows | undefined;
  readonly isNew: boolean;
}

/** The rows of resources referred to, by type and id: those of a change refer to each other. */
type Targets = Map<string, number>;

/** Writes what resources are found by: everything for a new one, the difference for one that was there. */
export class IndexWriter {
  readonly #statements: Statements;
  readonly #dictionary: Dictionary;
  readonly #composites: CompositeWriter;
  readonly #inserts: Record<Table, RowInsert>;

  constructor(statements: Statements, dictionary: Dictionary) {
    this.#statements = statements;
    this.#dictionary = dictionary;
    this.#composites = new CompositeWriter(statements, dictionary);
    const insertInto = (table: Table) => new RowInsert(statements, table, ['row', ...COLUMNS[table]]);
    this.#inserts = Object.fromEntries(TABLES.map((table) => [table, insertInto(table)])) as Record<Table, RowInsert>;
  }

  /** Each resource once. What is missing of all of them is inserted together. */
  write(resources: readonly Indexed[]): void {
    const targets: Targets = new Map(resources.map(({ type, id, row }) => [targetKey(type, id), row]));
    const missing = emptyTables();
    const elements: Bound[] = [];
    for (const { row, type, rows, isNew } of resources) {
      // Before the tokens, by which those that were there are found.
      this.#composites.write(row, type, rows?.composites ?? [], isNew, elements);
      if (isNew) this.#gather(row, type, rows, targets, missing);
      else {
        const wanted = emptyTables();
        this.#gather(row, type, rows, targets, wanted);
        for (const table of TABLES) this.#replace(table, row, wanted[table], missing[table]);
      }
    }
    this.#composites.insert(elements);
    for (const table of TABLES) this.#inserts[table].run(missing[table]);
  }

  /** Where a name stood for a resource not yet there, the references to it follow it to its row. */
  moveTarget(from: number, to: number): void {
    this.#statements.run('UPDATE reference_value SET target = ? WHERE target = ?', to, from);
  }

  #replace(table: Table, row: number, wanted: readonly Bound[], into: Bound[]): void {
    const found = this.#statements.all(SQL[table].select, row).map((old) => COLUMNS[table].map((column) => old[column] as Bound));
    const { gone, missing } = difference(found, tuplesOf(wanted, COLUMNS[table].length + 1));
    for (const tuple of gone) this.#statements.run(SQL[table].remove, row, ...tuple);
    for (const tuple of missing) into.push(row, ...tuple);
  }

  #gather(row: number, type: number, rows: IndexRows | undefined, targets: Targets, into: Record<Table, Bound[]>): void {
    if (rows === undefined) return;
    const dictionary = this.#dictionary;
    const { tokens, references, strings, dates, numbers } = rows;
    for (let at = 0; at < tokens.length; at += 3) {
      const token = dictionary.token(tokens[at + 1] as string, tokens[at + 2] as string);
      for (const { key } of dictionary.keys(type, tokens[at] as string, 'token')) into.token_value.push(row, key, token);
    }
    for (let at = 0; at < references.length; at += 3) {
      const target = this.#target(references[at + 1] as string, references[at + 2] as string, targets);
      for (const { key } of dictionary.keys(type, references[at] as string, 'reference')) into.reference_value.push(row, key, target);
    }
    for (let at = 0; at < strings.length; at += 3) {
      const [names, folded, value] = strings.slice(at, at + 3) as [string, string, string];
      for (const { key } of dictionary.keys(type, names, 'string')) into.string_value.push(row, key, at / 3, folded, value);
    }
    for (let at = 0; at < dates.length; at += 3) {
      const [names, low, high] = dates.slice(at, at + 3) as [string, number, number];
      const several = rows.severalDates.length > 0 && names.split(BETWEEN).some((name) => rows.severalDates.includes(name));
      for (const { key } of dictionary.keys(type, names, 'date', several, high - low)) into.date_value.push(row, key, low, high);
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
      for (const { key } of dictionary.keys(type, names, 'number'))
        into.number_value.push(row, key, at / 7, value, low, high, dictionary.unit(system, code, unit));
    }
  }

  /** The row of the resource referred to; where there is none yet, one is made that only holds its name. */
  #target(type: string, id: string, known: Targets): number {
    const number = this.#dictionary.type(type);
    const key = targetKey(number, id);
    let row = known.get(key);
    if (row === undefined) {
      row = Number(this.#statements.get('SELECT row FROM node WHERE id = ? AND type = ?', id, number)?.['row'] ?? this.#named(number, id));
      known.set(key, row);
    }
    return row;
  }

  #named(type: number, id: string): number | bigint {
    const insert = `INSERT INTO node (type, id, version, seq, updated, deleted, json) VALUES (?, ?, 0, 0, 0, 1, '')`;
    return this.#statements.prepare(insert).run(type, id).lastInsertRowid;
  }
}

function targetKey(type: number, id: string): string {
  return `${type} ${id}`;
}

function emptyTables(): Record<Table, Bound[]> {
  return { token_value: [], reference_value: [], string_value: [], date_value: [], number_value: [] };
}

/** Rows that come one after the other, each without the row of its resource. */
function tuplesOf(values: readonly Bound[], width: number): Tuple[] {
  return Array.from({ length: values.length / width }, (_, index) => values.slice(index * width + 1, (index + 1) * width));
}
