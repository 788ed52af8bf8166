import { copyFileSync, existsSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { openWriting } from '../../src/store/sqlite/connection.ts';
import { message, openIntake, openStore } from '../intake/harness.ts';
import { seeded } from './senders.ts';

/** What was found in one torn copy. */
export interface Torn {
  /** Bytes of the write-ahead log that were left. */
  readonly kept: number;
  /** What SQLite says of the file. */
  readonly integrity: string;
  /** Messages and their resources as far as they survived: the first that is missing, and how many are there after it. */
  readonly survivors: number;
  readonly afterAGap: number;
  /** Processed messages whose patient is not there, or the other way round. */
  readonly halfApplied: number;
}

/** Writes messages one after another; now and then copies the files as a power cut would leave them, cuts the log anywhere, and opens the copy. */
export async function tornCopies(folder: string, cuts: number, seed: number): Promise<Torn[]> {
  const random = seeded(seed);
  const path = `${folder}/torn.db`;
  const store = await openStore(path);
  const gate = await openIntake({ store });
  const found: Torn[] = [];
  for (let number = 0; found.length < cuts; number += 1) {
    await gate.send(message({ id: `T${number}`, pid: `1||${number}^^^HOSP^MR||Torn^P${number}||19800101|F` }));
    if (random() < 0.4 && existsSync(`${path}-wal`)) found.push(tornCopy(path, `${folder}/copy-${found.length}.db`, random));
  }
  await gate.close();
  await store.close();
  return found;
}

/**
 * Bytes of the log that are in the database already. A checkpoint flushes the log before it begins, so no power cut takes these back.
 * Source: SQLite file format, WAL-index: nBackfill at byte 96; WAL header: page size at byte 8; 24 bytes before each page
 */
function carriedOver(path: string): number {
  const frames = readFileSync(`${path}-shm`).readUInt32LE(96);
  return frames === 0 ? 0 : 32 + frames * (24 + readFileSync(`${path}-wal`).readUInt32BE(8));
}

function tornCopy(path: string, copy: string, random: () => number): Torn {
  copyFileSync(path, copy);
  copyFileSync(`${path}-wal`, `${copy}-wal`);
  const least = carriedOver(path);
  const kept = least + Math.floor(random() * (statSync(`${copy}-wal`).size + 1 - least));
  truncateSync(`${copy}-wal`, kept);
  const database: DatabaseSync = openWriting(copy);
  const integrity = String(database.prepare('PRAGMA integrity_check').get()?.['integrity_check']);
  const rows = database.prepare('SELECT control_id, status FROM message ORDER BY seq').all();
  const patients = Number(
    database.prepare("SELECT count(*) AS n FROM node WHERE version > 0 AND type = (SELECT type FROM type WHERE name = 'Patient')").get()?.[
      'n'
    ],
  );
  database.close();
  for (const file of [copy, `${copy}-wal`, `${copy}-shm`]) rmSync(file, { force: true });
  const numbers = rows.map((row) => Number(String(row['control_id']).slice(1)));
  const gap = numbers.findIndex((number, index) => number !== index);
  return {
    kept,
    integrity,
    survivors: gap < 0 ? numbers.length : gap,
    afterAGap: gap < 0 ? 0 : numbers.length - gap,
    halfApplied: Math.abs(rows.filter((row) => row['status'] === 'processed').length - patients),
  };
}
