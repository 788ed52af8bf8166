import { issue } from '../../issue/issue.ts';
import { Bug, IssueError } from '../../issue/issue-error.ts';

/** What SQLite said, in a form that crosses threads. `code` is the extended result code; 0 when the error is not SQLite's. */
export interface DatabaseFault {
  readonly code: number;
  readonly message: string;
}

/** Source: SQLite result codes. SQLITE_BUSY, SQLITE_LOCKED */
const BUSY = new Set([5, 6]);
/** PERM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB */
const UNAVAILABLE = new Set([3, 8, 10, 11, 13, 14, 26]);
/** IOERR_FSYNC, IOERR_DIR_FSYNC: what the kernel could not write it may have forgotten, and a second try may lie. */
const FSYNC = new Set([1034, 1290]);

/** What SQLite says of a statement beyond its limits: our own limits are far below, but some searches grow when they are written out. */
const TOO_LARGE =
  /^(Expression tree is too large|too many SQL variables|parser stack overflow|too many terms in compound SELECT|string or blob too big)/;

/** A thrown error as a fault. */
export function faultOf(error: unknown): DatabaseFault {
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0;
  return { code, message: error instanceof Error ? error.message : String(error) };
}

/** Whether nothing may be written any more until the process has been started anew. */
export function isLasting(fault: DatabaseFault): boolean {
  return FSYNC.has(fault.code) || [11, 26].includes(fault.code & 0xff);
}

/** Whether another connection has what is needed. */
export function isBusy(fault: DatabaseFault): boolean {
  return BUSY.has(fault.code & 0xff);
}

/** The fault as the caller of the store meets it: store-uncertain, too-costly, store-busy, store-unavailable, or a bug of ours. */
export function errorOf(fault: DatabaseFault): IssueError | Bug {
  const primary = fault.code & 0xff;
  if (isBusy(fault)) return new IssueError(issue('store-busy'));
  if (primary === 1 && TOO_LARGE.test(fault.message))
    return new IssueError(issue('too-costly', { reason: 'it compares with more values than the database takes in one statement' }));
  // The log holds the commit, and the next to open the database may find it there.
  if (FSYNC.has(fault.code)) return new IssueError(issue('store-uncertain'));
  if (UNAVAILABLE.has(primary)) return new IssueError(issue('store-unavailable'));
  return new Bug(`the database refused a statement: ${fault.message}`);
}
