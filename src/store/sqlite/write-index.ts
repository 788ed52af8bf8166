import type { KeptPart } from './composite-test.ts';
import type { Dictionary } from './dictionary.ts';
import type { IndexRows, PartRows } from './index-rows.ts';
import type { Bound, Statements } from './statements.ts';

type Tuple = Bound[];

/** The columns of each index table, after the row of the resource. */
const COLUMNS = {
  token_value: ['key', 'token'],
  reference_value: ['key', 'target'],
  uri_value: ['key', 'value'],
  string_value: ['key', 'part', 'folded', 'value'],
  date_value: ['key', 'low', 'high'],
  number_value: ['key', 'part', 'value', 'low', 'high', 'unit'],
  composite_value: ['part', 'keys', 'parts'],
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

  constructor(statements: Statements, dictionary: Dictionary) {
    this.#statements = statements;
    this.#dictionary = dictionary;
  }

  /** `rows` undefined removes everything. */
  write(row: number, type: number, rows: IndexRows | undefined, isNew: boolean): void {
    const wanted = rows === undefined ? undefined : this.#tuples(type, rows);
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
    const missing = new Map(wanted.map((tuple) => [placeOf(tuple), tuple]));
    for (const found of this.#statements.all(SQL[table].select, row)) {
      const tuple = COLUMNS[table].map((column) => found[column] as Bound);
      if (!missing.delete(placeOf(tuple))) this.#statements.run(SQL[table].remove, row, ...tuple);
    }
    for (const tuple of missing.values()) this.#statements.run(SQL[table].insert, row, ...tuple);
  }

  #tuples(type: number, rows: IndexRows): Record<Table, Tuple[]> {
    const dictionary = this.#dictionary;
    const tuples: Record<Table, Tuple[]> = {
      token_value: [],
      reference_value: [],
      uri_value: [],
      string_value: [],
      date_value: [],
      number_value: [],
      composite_value: [],
    };
    const { tokens, references, uris, strings, dates, numbers } = rows;
    for (let at = 0; at < tokens.length; at += 3) {
      const token = dictionary.token(tokens[at + 1] as string, tokens[at + 2] as string);
      tuples.token_value.push([dictionary.parameter(type, tokens[at] as string, 'token'), token]);
    }
    for (let at = 0; at < references.length; at += 3) {
      const target = this.#target(references[at + 1] as string, references[at + 2] as string);
      tuples.reference_value.push([dictionary.parameter(type, references[at] as string, 'reference'), target]);
    }
    for (let at = 0; at < uris.length; at += 2) {
      tuples.uri_value.push([dictionary.parameter(type, uris[at] as string, 'uri'), uris[at + 1] as string]);
    }
    for (let at = 0; at < strings.length; at += 3) {
      const key = dictionary.parameter(type, strings[at] as string, 'string');
      tuples.string_value.push([key, at / 3, strings[at + 1] as string, strings[at + 2] as string]);
    }
    const seen = new Set<string>();
    for (let at = 0; at < dates.length; at += 3) {
      const [name, low, high] = [dates[at] as string, dates[at + 1] as number, dates[at + 2] as number];
      tuples.date_value.push([dictionary.parameter(type, name, 'date', seen.has(name), high - low), low, high]);
      seen.add(name);
    }
    for (let at = 0; at < numbers.length; at += 7) {
      const key = dictionary.parameter(type, numbers[at] as string, 'number');
      const unit = dictionary.unit(numbers[at + 4] as string, numbers[at + 5] as string, numbers[at + 6] as string);
      tuples.number_value.push([key, at / 7, numbers[at + 1] as number, numbers[at + 2] as number, numbers[at + 3] as number, unit]);
    }
    rows.composites.forEach(({ parameters, parts }, part) => {
      const keys = parameters.map((parameter) => dictionary.parameter(type, parameter, 'composite'));
      tuples.composite_value.push([part, `,${keys.join(',')},`, JSON.stringify(parts.map((rows) => this.#part(rows)))]);
    });
    return tuples;
  }

  /** A composite's part as it is kept: see composite-test.ts. */
  #part({ tokens, numbers, dates, strings, references, uris }: PartRows): KeptPart {
    const dictionary = this.#dictionary;
    const t: number[] = [];
    for (let at = 0; at < tokens.length; at += 2) {
      t.push(dictionary.token(tokens[at] as string, tokens[at + 1] as string), dictionary.system(tokens[at] as string));
    }
    const n: number[] = [];
    for (let at = 0; at < numbers.length; at += 6) {
      const [value, low, high, system, code, unit] = numbers.slice(at, at + 6) as [number, number, number, string, string, string];
      n.push(value, low, high, dictionary.unit(system, code, unit));
    }
    const lists = { t, n, d: dates, s: strings, r: references, u: uris };
    return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
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

function placeOf(tuple: Tuple): string {
  return tuple.map(String).join('\u0000');
}
