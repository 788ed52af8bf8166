import type { Bound, Statements } from './statements.ts';

/** The most rows of one statement: beyond it nothing more is gained. */
const MOST = 64;

/**
 * Inserts rows, whose values come one after the other: a statement of many rows costs much less than many statements. What is there already is
 * passed over.
 */
export function insertRows(statements: Statements, table: string, columns: readonly string[], values: readonly Bound[]): void {
  const row = `(${columns.map(() => '?').join(', ')})`;
  const into = `INTO ${table} (${columns.join(', ')}) VALUES`;
  let at = 0;
  const next = (rows: number): Bound[] => values.slice(at, (at += rows * columns.length));
  for (let rows = MOST; rows > 0; rows >>= 1) {
    // IGNORE needs no copies of the pages to go back to from the middle of a statement, but is silent about what is wrong: a row alone is not.
    const together = `INSERT OR IGNORE ${into} ${`${row}, `.repeat(rows - 1)}${row}`;
    while (values.length - at >= rows * columns.length) {
      const some = next(rows);
      if (rows > 1 && statements.run(together, ...some) === rows) continue;
      for (let one = 0; one < some.length; one += columns.length)
        statements.run(`INSERT ${into} ${row} ON CONFLICT DO NOTHING`, ...some.slice(one, one + columns.length));
    }
  }
}
