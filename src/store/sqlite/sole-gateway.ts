import { DatabaseSync } from 'node:sqlite';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { faultOf, isBusy } from './database-error.ts';

/** How long the gateway before may take to stop. Units: ms */
const PATIENCE_MS = 5_000;

/**
 * Makes this the one gateway over a file until it is closed or the process ends, however it ends: the lock is the system's, on a file beside
 * it. Commands may open the database all the same; two gateways would both work on the messages in it.
 *
 * Fails: store-in-use, thrown
 */
export function soleGateway(path: string, patienceMs = PATIENCE_MS): DatabaseSync {
  const lock = new DatabaseSync(`${path}-gateway`, { timeout: patienceMs });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    throw isBusy(faultOf(error)) ? new IssueError(issue('store-in-use')) : error;
  }
}
