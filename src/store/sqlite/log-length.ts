import { openSync, readSync } from 'node:fs';

/** How many pages the write-ahead log holds, and how many of the first of them are in the file as well. */
export interface LogLength {
  readonly pages: number;
  readonly carried: number;
}

const PAGES_AT = 16;
const CARRIED_AT = 96;

/**
 * Tells the length of a database's log from its index, which SQLite keeps beside it while it is open.
 *
 * Source: https://sqlite.org/walformat.html 2.1, mxFrame and nBackfill, in the byte order of the machine
 */
export function logLengthOf(path: string): () => LogLength {
  const index = openSync(`${path}-shm`, 'r');
  const header = new DataView(new ArrayBuffer(CARRIED_AT + 4));
  const isLittle = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
  return () => {
    readSync(index, header, 0, header.byteLength, 0);
    return { pages: header.getUint32(PAGES_AT, isLittle), carried: header.getUint32(CARRIED_AT, isLittle) };
  };
}
