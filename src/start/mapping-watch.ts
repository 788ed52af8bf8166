import { issue, type Issue, textOf } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';

/** What is compiled from the mapping files, as they are now. */
export interface Watched<T> {
  /** The newest set of files without a fault. */
  current(): T;
  /** What is wrong with the files as they stand, where they were refused: each fault with its file and line. */
  faults(): readonly string[];
  close(): void;
}

/** How files are watched. */
export interface WatchParts<T> {
  /** Fails: throws IssueError, once for each fault */
  readonly read: () => T;
  /** Changes whenever a file does. */
  readonly signature: () => string;
  /** Units: ms; a change counts once it stands still for as long, so that a file half written is not read. */
  readonly everyMs: number;
  /** A set was taken, or refused with these faults. */
  readonly report: (taken: T | undefined, faults: readonly Issue[]) => void;
}

/**
 * Compiles files, and compiles them again when they change. Files that are wrong are refused: what stood before goes on, and the faults are
 * told until they are mended. Looking at names, sizes and times finds changes wherever the files are, on a network or in a container.
 *
 * Fails: at the first reading throws what `read` throws
 */
export function watchMappings<T>(parts: WatchParts<T>): Watched<T> {
  let taken = parts.signature();
  let current = parts.read();
  let seen = taken;
  let refused: readonly Issue[] = [];
  const look = () => {
    const now = signatureOr(seen, parts.signature);
    const still = now === seen;
    seen = now;
    if (!still || now === taken) return;
    taken = now;
    try {
      current = parts.read();
      refused = [];
      parts.report(current, []);
    } catch (error) {
      refused =
        error instanceof IssueError ? error.issues : [issue('mapping-faulty', { file: 'mappings', reason: 'the files cannot be read' })];
      parts.report(undefined, refused);
    }
  };
  const timer = setInterval(look, parts.everyMs).unref();
  return {
    current: () => current,
    faults: () => refused.map(textOf),
    close: () => clearInterval(timer),
  };
}

/** A file that goes between its listing and its reading is a change still under way. */
function signatureOr(before: string, signature: () => string): string {
  try {
    return signature();
  } catch {
    return before;
  }
}
