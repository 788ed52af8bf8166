import { randomFillSync } from 'node:crypto';
import { closeSync, fsyncSync, openSync, statSync, truncateSync, writeSync } from 'node:fs';

/** Room on the disk that is taken in good times, to be given up when the disk is full: even a deletion needs room. */
export interface Reserve {
  /** `none`: there never was one; `given up`: it was, and is owed. */
  readonly state: 'kept' | 'given up' | 'none';
  /** What it is to hold, and what it holds now. Units: bytes */
  readonly size: number;
  readonly held: number;
  /** Takes the room. Throws what the disk says; what was taken by then is given back. */
  make(): void;
  give(): void;
}

const AT_ONCE = 1024 * 1024;

/** The reserve in a file: an empty file says that it was given up, also to the process that comes after. */
export function reserveAt(path: string, size: number): Reserve {
  const held = () => statSync(path, { throwIfNoEntry: false })?.size;
  return {
    size,
    get state() {
      const bytes = held();
      if (bytes === undefined) return 'none';
      return bytes >= size ? 'kept' : 'given up';
    },
    get held() {
      return held() ?? 0;
    },
    make() {
      const file = openSync(path, 'w', 0o600);
      // nothing that a file system could keep in less
      const bytes = randomFillSync(Buffer.alloc(Math.min(AT_ONCE, size)));
      try {
        for (let written = 0; written < size; ) written += writeSync(file, bytes, 0, Math.min(bytes.length, size - written));
        fsyncSync(file);
      } catch (error) {
        truncateSync(path);
        throw error;
      } finally {
        closeSync(file);
      }
    },
    give: () => truncateSync(path),
  };
}
