import { toldHowMade } from '../how-made.ts';
import type { StoredVersion } from '../store.ts';
import { headOf, withHead } from './body.ts';
import { howIn } from './how-column.ts';
import { LONG, longTextIn, readText } from './pieces.ts';
import type { Row, Statements } from './statements.ts';

/** The columns of a version, of node or past. */
export const VERSION_COLUMNS = 'type, version, seq, updated, deleted, how, json';

/** Reads versions by row; type names are remembered, since they never change. */
export class Versions {
  readonly #statements: Statements;
  readonly #names = new Map<number, string>();

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** A row of node or past with its id. */
  of(row: Row): StoredVersion {
    const type = this.typeName(Number(row['type']));
    const [id, version, lastUpdated] = [row['id'] as string, row['version'] as number, row['updated'] as number];
    const deleted = row['deleted'] === 1;
    const kept = row['json'] as string;
    const long = longTextIn(kept);
    // as they were kept before there were pieces
    if (kept.length > LONG) this.#statements.forgetPages();
    return {
      type,
      id,
      version,
      seq: row['seq'] as number,
      lastUpdated,
      deleted,
      ...toldHowMade(howIn(row['how'] as number), { version, deleted }),
      json:
        long === undefined
          ? withHead(kept, type, id, version, lastUpdated)
          : readText(this.#statements, long, headOf(type, id, version, lastUpdated)),
    };
  }

  /** The current version in a row of node. */
  at(row: number): StoredVersion | undefined {
    const found = this.#statements.get(`SELECT id, ${VERSION_COLUMNS} FROM node WHERE row = ? AND version > 0`, row);
    return found === undefined ? undefined : this.of(found);
  }

  typeName(type: number): string {
    let name = this.#names.get(type);
    if (name === undefined) {
      name = this.#statements.get('SELECT name FROM type WHERE type = ?', type)?.['name'] as string;
      this.#names.set(type, name);
    }
    return name;
  }
}
