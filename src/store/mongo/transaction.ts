import type { ClientSession, MongoClient } from 'mongodb';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { isConnectionError, isTransient, isUnknownCommit } from './failure.ts';
import type { LivingGateways } from './living-gateways.ts';

/** Who waits so long for the turn looks whether the dead have it, and again after as long. Units: ms */
const CLEAR_MS = 1_000;

/** What a transaction did. Nothing to write: it is given up instead of committed, which costs no fsync. */
export interface Outcome<T> {
  readonly answer: T;
  readonly wrote: boolean;
}

/**
 * Runs the work in one transaction, durable on a majority when the promise resolves, and again from the start as long as others stand in
 * the way. The answer is that of the attempt that was committed: the work must build all it gives anew each time.
 *
 * Fails: store-uncertain (cut off in the commit for longer than that); by the driver's errors, which storeFailure makes issues; a transient one when it was tried for `patienceMs`
 */
export async function inTransaction<T>(
  client: MongoClient,
  living: LivingGateways,
  patienceMs: number,
  work: (session: ClientSession) => Promise<Outcome<T>>,
): Promise<T> {
  const end = performance.now() + patienceMs;
  let clearAt = performance.now() + CLEAR_MS;
  for (let tries = 0; ; tries += 1) {
    const session = client.startSession();
    try {
      await living.uses(session.id);
      session.startTransaction({
        readConcern: { level: 'snapshot' },
        writeConcern: { w: 'majority', journal: true },
        readPreference: 'primary',
      });
      const { answer, wrote } = await work(session);
      if (wrote) await commit(session, end);
      else await session.abortTransaction();
      return answer;
    } catch (error) {
      if (isConnectionError(error)) await forget(client, session);
      else if (session.inTransaction()) await session.abortTransaction().catch(() => undefined);
      if (!isTransient(error) || performance.now() > end) throw error;
      await pause(tries);
      if (performance.now() < clearAt) continue;
      await living.clear().catch(() => undefined);
      clearAt = performance.now() + CLEAR_MS;
    } finally {
      await session.endSession();
    }
  }
}

/** A commit whose fate is unknown is sent again: the server does it once. */
async function commit(session: ClientSession, end: number): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await session.commitTransaction();
      return;
    } catch (error) {
      if (!isUnknownCommit(error)) throw error;
      if (performance.now() > end) throw new IssueError(issue('store-uncertain'));
      await pause(tries);
    }
  }
}

/**
 * Ends what a cut connection may have left open on the server, where it would hold the turn until the server's own limit. Where this fails
 * too, that limit (transactionLifetimeLimitSeconds) is what everybody waits for.
 */
async function forget(client: MongoClient, session: ClientSession): Promise<void> {
  const { id } = session;
  if (id === undefined) return;
  const admin = client.db('admin');
  for (let tries = 0; tries < 3; tries += 1) {
    const ended = await admin.command({ killSessions: [id] }, { timeoutMS: 2_000 }).then(
      () => true,
      () => false,
    );
    if (ended) return;
    await pause(tries);
  }
}

/** Short and uneven: whoever waits for the counter must not wait long after it is free. */
function pause(tries: number): Promise<void> {
  return new Promise((done) => setTimeout(done, 1 + Math.random() * Math.min(25, 4 + tries)));
}
