import type { CompositeRows, PartRows } from './composite-rows.ts';
import type { KeptPart } from './composite-test.ts';
import type { Dictionary } from './dictionary.ts';
import { RowInsert } from './insert-rows.ts';
import type { Bound, Statements } from './statements.ts';
import { difference, type Tuple } from './tuples.ts';

/** The token of an element whose first part has none. */
export const NO_TOKEN = 0;

const COLUMNS = ['key', 'token', 'part', 'value', 'unit', 'rest'] as const;
const REMOVE = 'DELETE FROM composite_value WHERE row = ? AND key = ? AND token = ? AND part = ?';
/** Every element's token is among those of the resource: see indexRowsOf. */
const SELECT = `SELECT c.key, c.token, c.part, CAST(c.value AS REAL) AS value, c.unit, c.rest
  FROM value_key k CROSS JOIN (SELECT token FROM token_value WHERE row = ?1 UNION SELECT ${NO_TOKEN}) t
  CROSS JOIN composite_value c ON c.key = k.key AND c.token = t.token AND c.row = ?1 WHERE k.type = ?2 AND k.kinds >= 64`;

/** Writes the elements of composites: everything for a new resource, the difference for one that was there. */
export class CompositeWriter {
  readonly #statements: Statements;
  readonly #dictionary: Dictionary;
  readonly #insert: RowInsert;

  constructor(statements: Statements, dictionary: Dictionary) {
    this.#statements = statements;
    this.#dictionary = dictionary;
    this.#insert = new RowInsert(statements, 'composite_value', ['row', ...COLUMNS]);
  }

  /** Takes out what is no more wanted, and puts what is missing beside what is to be inserted. */
  write(row: number, type: number, elements: readonly CompositeRows[], isNew: boolean, into: Bound[]): void {
    const wanted = elements.flatMap((element, part) => this.#tuples(type, element, part));
    const found = isNew ? [] : this.#statements.all(SELECT, row, type).map((old) => COLUMNS.map((column) => old[column] as Bound));
    const { gone, missing } = difference(found, wanted);
    for (const tuple of gone) this.#statements.run(REMOVE, row, ...tuple.slice(0, 3));
    for (const tuple of missing) into.push(row, ...tuple);
  }

  insert(values: readonly Bound[]): void {
    this.#insert.run(values);
  }

  #tuples(type: number, { names, tokens, again, number, parts }: CompositeRows, part: number): Tuple[] {
    const dictionary = this.#dictionary;
    const [value, ...unit] = number ?? [];
    const unitNumber = value === undefined ? null : dictionary.unit(...(unit as [string, string, string]));
    const rest = parts === undefined ? '' : JSON.stringify(parts.map((rows) => this.#kept(rows)));
    const first = tokens.length === 0 ? [NO_TOKEN] : tokens.map(([system, code]) => dictionary.token(system, code));
    return dictionary
      .keys(type, names, 'composite', again)
      .flatMap(({ key }) => first.map((token) => [key, token, part, value ?? null, unitNumber, rest]));
  }

  /** A part as it is kept: see composite-test.ts. */
  #kept([tokens, numbers, dates, strings, references, uris]: PartRows): KeptPart {
    const dictionary = this.#dictionary;
    const lists = {
      t: tokens.flatMap(([system, code]) => [dictionary.token(system, code), dictionary.system(system)]),
      n: numbers.flatMap(([value, low, high, system, code, unit]) => [value, low, high, dictionary.unit(system, code, unit)]),
      d: dates.flat(),
      s: strings.flat(),
      r: references.flat(),
      u: uris,
    };
    return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
  }
}
