import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

/** What can be bound to a placeholder. */
export type Bound = SQLInputValue;

/** A row as the database gives it. */
export type Row = Record<string, Bound>;

const MOST = 500;

/** One connection with its prepared statements kept, the longest kept dropped first. Values are always bound, never spelled into SQL. */
export class Statements {
  readonly database: DatabaseSync;
  readonly #kept = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  prepare(sql: string): StatementSync {
    const kept = this.#kept.get(sql);
    if (kept !== undefined) return kept;
    const statement = this.database.prepare(sql);
    if (this.#kept.size >= MOST) for (const oldest of this.#kept.keys()) if (this.#kept.delete(oldest)) break;
    this.#kept.set(sql, statement);
    return statement;
  }

  run(sql: string, ...values: Bound[]): number {
    return Number(this.prepare(sql).run(...values).changes);
  }

  get(sql: string, ...values: Bound[]): Row | undefined {
    return this.prepare(sql).get(...values);
  }

  all(sql: string, ...values: Bound[]): Row[] {
    return this.prepare(sql).all(...values);
  }

  /** Empties the cache of pages: after a value of many megabytes it holds hardly anything else, and nobody asks for that again. */
  forgetPages(): void {
    this.run('PRAGMA shrink_memory');
  }
}
