import { issue } from '../../issue/issue.ts';
import { Bug, IssueError } from '../../issue/issue-error.ts';

/** What MongoDB's driver throws, as far as we look. Errors of the driver are told by their labels, so no class of it must be loaded. */
interface DriverError {
  readonly name: string;
  readonly message: string;
  readonly code?: number | string;
  hasErrorLabel(label: string): boolean;
}

/** Whether the whole transaction may be done again: the server says so, or was not reached before it was told to commit. */
export function isTransient(error: unknown): boolean {
  return isDriverError(error) && (error.hasErrorLabel('TransientTransactionError') || isConnectionError(error));
}

/** Whether the transaction may be committed, and nobody knows: its commit is to be sent again. */
export function isUnknownCommit(error: unknown): boolean {
  return isDriverError(error) && (error.hasErrorLabel('UnknownTransactionCommitResult') || isConnectionError(error));
}

/** Whether everything that was tried together failed for a reason that none of it is the cause of. */
export function isEverybodys(error: unknown): boolean {
  return error instanceof IssueError || isTransient(error) || isUnknownCommit(error);
}

/**
 * Whether the server was not reached, or did not answer. The driver labels most of these, not all: a bulk write whose connection closes
 * comes without a code and without a label.
 */
export function isConnectionError(error: unknown): boolean {
  if (!isDriverError(error)) return false;
  return (
    /Network|Selection|NotConnected|Pool|Topology/.test(error.name) || (error.name === 'MongoBulkWriteError' && error.code === undefined)
  );
}

/** Whether a limit on time was met. */
export function isTimeout(error: unknown): boolean {
  return isDriverError(error) && (error.code === 50 || error.code === 262);
}

/**
 * An error of the driver as an issue; others stay what they are.
 *
 * Fails: store-busy (others were faster until the time was up); too-costly (a document beyond 16 MiB); store-unavailable (the rest)
 */
export function storeFailure(error: unknown): unknown {
  if (error instanceof IssueError || error instanceof Bug) return error;
  if (isTooLarge(error)) return new IssueError(issue('too-costly', { reason: 'what the resource can be found by does not fit 16 MiB' }));
  if (!isDriverError(error)) return error;
  return new IssueError(
    issue(isTransient(error) && !isConnectionError(error) ? 'store-busy' : 'store-unavailable', {
      reason: `${error.name} ${error.code ?? ''}`.trim(),
    }),
  );
}

/** The same work, failing by issues instead of errors of the driver. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeFailure(error);
  }
}

function isTooLarge(error: unknown): boolean {
  if (error instanceof RangeError) return true;
  return (
    isDriverError(error) &&
    (error.code === 10334 || error.code === 17280 || /object to insert too large|BSONObj.*invalid/.test(error.message))
  );
}

function isDriverError(error: unknown): error is DriverError {
  return error instanceof Error && error.name.startsWith('Mongo') && 'hasErrorLabel' in error;
}
