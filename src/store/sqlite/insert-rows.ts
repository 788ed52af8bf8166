import type { Bound, Statements } from './statements.ts';

/** So many rows go into one statement, as often as there are as many: beyond the first nothing more is gained. */
const AT_ONCE = [64, 16, 4, 1];

/** Inserts rows into a table. A statement of many rows costs much less than many statements. */
export class RowInsert {
  readonly #statements: Statements;
  readonly #width: number;
  readonly #texts: readonly (readonly [rows: number, text: string])[];
  readonly #alone: string;

  constructor(statements: Statements, table: string, columns: readonly string[]) {
    const row = `(${columns.map(() => '?').join(', ')})`;
    const into = `INTO ${table} (${columns.join(', ')}) VALUES`;
    this.#statements = statements;
    this.#width = columns.length;
    // IGNORE needs no copies of the pages to go back to from the middle of a statement, but is silent about what is wrong: a row alone is not.
    this.#texts = AT_ONCE.map((rows) => [rows, `INSERT OR IGNORE ${into} ${`${row}, `.repeat(rows - 1)}${row}`]);
    this.#alone = `INSERT ${into} ${row} ON CONFLICT DO NOTHING`;
  }

  /** The values of rows, which come one after the other. What is there already is passed over. */
  run(values: readonly Bound[]): void {
    let at = 0;
    for (const [rows, text] of this.#texts) {
      const size = rows * this.#width;
      for (; values.length - at >= size; at += size) {
        const some = values.slice(at, at + size);
        if (rows === 1 || this.#statements.run(text, ...some) < rows) this.#oneByOne(some);
      }
    }
  }

  #oneByOne(values: readonly Bound[]): void {
    for (let at = 0; at < values.length; at += this.#width) this.#statements.run(this.#alone, ...values.slice(at, at + this.#width));
  }
}
