import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditRecord } from './audit-record.ts';

/** Records that are written down but not yet in the chain: they outlive the process, whatever ends it. */
export interface Spool {
  /** Written when it returns. Throws what the disk says. */
  add(records: readonly AuditRecord[]): void;
  /** Writes nothing that counts. Throws what the disk says. */
  probe(): void;
  /** All of them are in the chain. */
  empty(): void;
  close(): void;
}

/** Shape: audit-spool-4711.ndjson, of the process 4711 */
const NAME = /^audit-spool-(\d+)\.ndjson$/;

/** The spool of this process in a folder. */
export function openSpool(folder: string, process: number): Spool {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `audit-spool-${process}.ndjson`);
  const file = openSync(path, 'a', 0o600);
  let isEmpty = false;
  return {
    add(records) {
      isEmpty = false;
      const bytes = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''), 'utf8');
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    },
    probe() {
      isEmpty = false;
      writeSync(file, '\n');
    },
    empty() {
      if (!isEmpty) ftruncateSync(file);
      isEmpty = true;
    },
    close() {
      closeSync(file);
      rmSync(path, { force: true });
    },
  };
}

/** What spools of processes that are gone hold, and how to remove them once it is in the chain. A last line that is torn was never answered. */
export function leftInSpools(folder: string, isRunning: (process: number) => boolean): { records: AuditRecord[]; remove: () => void } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const paths = readdirSync(folder)
    .filter((name) => NAME.test(name) && !isRunning(Number(NAME.exec(name)?.[1])))
    .map((name) => join(folder, name));
  const records = paths.flatMap((path) => readFileSync(path, 'utf8').split('\n').slice(0, -1).flatMap(parsed));
  return {
    records,
    remove: () => {
      for (const path of paths) rmSync(path, { force: true });
    },
  };
}

function parsed(line: string): AuditRecord[] {
  try {
    return [JSON.parse(line) as AuditRecord];
  } catch {
    return [];
  }
}
