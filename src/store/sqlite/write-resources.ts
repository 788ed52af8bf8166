import { howMade, toldHowMade } from '../how-made.ts';
import type { Dictionary } from './dictionary.ts';
import { howNumber } from './how-column.ts';
import { isMark, longTextIn, type PieceWriter } from './pieces.ts';
import { type Indexed, IndexWriter } from './write-index.ts';
import type { Statements } from './statements.ts';
import type { FoundAnew, PreparedWrite, WrittenVersion } from './write-job.ts';

/** What stands in a resource's place; version 0: nothing but references to it. */
interface Standing {
  readonly row: number;
  readonly version: number;
  readonly seq: number;
  readonly updated: number;
  readonly deleted: boolean;
}

const LAST_OF_TYPE = '(SELECT max(seq) FROM node n WHERE n.type = t.type AND n.version > 0)';
const INSERT = 'INSERT INTO node (type, id, version, seq, updated, deleted, how, json) VALUES (?, ?, 1, ?, ?, 0, ?, CAST(? AS TEXT))';
const FILL =
  'UPDATE node SET row = (SELECT max(row) + 1 FROM node), version = 1, seq = ?, updated = ?, deleted = 0, how = ?, json = CAST(? AS TEXT) WHERE row = ? RETURNING row';
const KEEP =
  'INSERT INTO past (seq, row, type, version, updated, deleted, how, json) SELECT seq, row, type, version, updated, deleted, how, json FROM node WHERE row = ?';
const UPDATE = 'UPDATE node SET version = ?, seq = ?, updated = ?, deleted = ?, how = ?, json = CAST(? AS TEXT) WHERE row = ?';
/** What stands for a text in pieces. */
const MARK = `SELECT json FROM node WHERE row = ? AND ${isMark('json')}`;
const ERASE = 'DELETE FROM node WHERE row = ? AND NOT EXISTS (SELECT 1 FROM reference_value WHERE target = node.row)';
/** Others refer to it: its name stays. */
const EMPTY = "UPDATE node SET version = 0, seq = 0, updated = 0, deleted = 1, how = 0, json = '' WHERE row = ?";

/** Writes the versions of a change. */
export class ResourceWriter {
  readonly #statements: Statements;
  readonly #dictionary: Dictionary;
  readonly #index: IndexWriter;
  readonly #pieces: PieceWriter;
  /** The last place given in the order of commits. */
  seq = 0;

  constructor(statements: Statements, dictionary: Dictionary, pieces: PieceWriter) {
    this.#statements = statements;
    this.#dictionary = dictionary;
    this.#index = new IndexWriter(statements, dictionary);
    this.#pieces = pieces;
    this.refresh();
  }

  /** Reads the last place again: another process may have written. */
  refresh(): void {
    const last = `SELECT max(coalesce((SELECT max(seq) FROM past), 0), coalesce((SELECT max(${LAST_OF_TYPE}) FROM type t), 0)) AS seq`;
    this.seq = Number(this.#statements.get(last)?.['seq']);
  }

  /** The versions made, or the reference of the first write that was decided on another version. Rows first, so that writes may refer to each other. */
  write(writes: readonly PreparedWrite[], now: number): WrittenVersion[] | string {
    const versions: WrittenVersion[] = [];
    /** By row: one that is written twice is found by what it is in the end. */
    const placed = new Map<number, Indexed>();
    for (const write of writes) {
      const type = this.#dictionary.type(write.type);
      const standing = this.#standing(type, write.id);
      const version = standing?.version ?? 0;
      if ((write.expected ?? version) !== version) return `${write.type}/${write.id}`;
      if (write.tail === undefined && version === 0) return `${write.type}/${write.id}`;
      if (write.tail === undefined && standing?.deleted === true) {
        versions.push({ version, seq: standing.seq, lastUpdated: standing.updated, deleted: true, method: 'DELETE', created: false });
        continue;
      }
      const updated = write.kept?.lastUpdated ?? Math.max(now, standing?.updated ?? 0);
      if (write.kept !== undefined && write.kept.seq <= this.seq) return `${write.type}/${write.id}`;
      this.seq = write.kept?.seq ?? this.seq + 1;
      const made = { version: version + 1, seq: this.seq, lastUpdated: updated, deleted: write.tail === undefined };
      versions.push({ ...made, ...toldHowMade(howMade(write, standing), made) });
      const row = this.#place(write, type, standing, updated);
      const isNew = version === 0 || placed.get(row)?.isNew === true;
      placed.set(row, { row, type, id: write.id, rows: write.rows, isNew });
    }
    this.#index.write([...placed.values()]);
    return versions;
  }

  /** Takes out resources of one version with all they are found by. */
  erase(resources: readonly { readonly type: string; readonly id: string }[]): void {
    for (const { type: name, id } of resources) {
      const type = this.#dictionary.type(name);
      const standing = this.#standing(type, id);
      if (standing?.version !== 1) continue;
      this.#index.write([{ row: standing.row, type, id, rows: undefined, isNew: false }]);
      const long = longTextIn(this.#statements.get(MARK, standing.row)?.['json']);
      if (long !== undefined) this.#pieces.drop(long);
      if (this.#statements.run(ERASE, standing.row) === 0) this.#statements.run(EMPTY, standing.row);
    }
  }

  /** Writes what versions are found by; those that are not current any more are passed over. How many it was. */
  reindex(found: readonly FoundAnew[]): number {
    let count = 0;
    for (const { type: name, id, version, rows } of found) {
      const type = this.#dictionary.type(name);
      const standing = this.#standing(type, id);
      if (standing === undefined || standing.version !== version || standing.deleted) continue;
      this.#index.write([{ row: standing.row, type, id, rows, isNew: false }]);
      count += 1;
    }
    return count;
  }

  #standing(type: number, id: string): Standing | undefined {
    const found = this.#statements.get('SELECT row, version, seq, updated, deleted FROM node WHERE id = ? AND type = ?', id, type);
    if (found === undefined) return undefined;
    return {
      row: Number(found['row']),
      version: Number(found['version']),
      seq: Number(found['seq']),
      updated: Number(found['updated']),
      deleted: found['deleted'] === 1,
    };
  }

  #place(write: PreparedWrite, type: number, standing: Standing | undefined, updated: number): number {
    const version = (standing?.version ?? 0) + 1;
    const { tail = '' } = write;
    const json = typeof tail === 'string' ? tail : this.#pieces.settle(tail);
    const how = howNumber(howMade(write, standing));
    if (standing === undefined)
      return Number(this.#statements.prepare(INSERT).run(type, write.id, this.seq, updated, how, json).lastInsertRowid);
    if (standing.version === 0) {
      const row = Number(this.#statements.get(FILL, this.seq, updated, how, json, standing.row)?.['row']);
      this.#index.moveTarget(standing.row, row);
      return row;
    }
    this.#statements.run(KEEP, standing.row);
    this.#statements.run(UPDATE, version, this.seq, updated, Number(write.tail === undefined), how, json, standing.row);
    return standing.row;
  }
}
