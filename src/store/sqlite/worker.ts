import { parentPort, workerData } from 'node:worker_threads';
import { Bug } from '../../issue/issue-error.ts';
import { openWriting, whyNotDurable } from './connection.ts';
import { addCompositeFunction } from './composite.ts';
import { faultOf } from './database-error.ts';
import { LogKeeper } from './log-keeper.ts';
import { soleGateway } from './sole-gateway.ts';
import { Statements } from './statements.ts';
import { endsLongText } from './write-job.ts';
import { Writer } from './writer.ts';
import type { FromWorker, ToWorker } from './write-thread.ts';

if (parentPort === null) throw new Bug('the writer is started as a worker thread');
const port = parentPort;
const answer = (message: FromWorker): void => port.postMessage(message);

/** The thread that writes: takes every job that waits, runs them in one transaction, answers them together. */
function start({ path, alone }: { path: string; alone: boolean }): void {
  const lock = alone ? soleGateway(path) : undefined;
  const statements = new Statements(openWriting(path));
  addCompositeFunction(statements.database);
  const reason = whyNotDurable(statements.database);
  const writer = new Writer(statements);
  if (alone) writer.sweep();
  const log = new LogKeeper(path, writer);
  async function close(): Promise<void> {
    await log.close();
    statements.database.close();
    lock?.close();
    answer({ kind: 'closed' });
    port.close();
  }
  port.on('message', (message: ToWorker) => {
    if (message === 'close') return void close();
    const outcomes = writer.run(message);
    answer({ kind: 'done', outcomes });
    if (message.some(endsLongText)) statements.forgetPages();
    log.look();
  });
  answer({ kind: 'ready', reason });
}

try {
  start(workerData as { path: string; alone: boolean });
} catch (error) {
  answer({ kind: 'failed', fault: faultOf(error), issues: error instanceof Error && 'issues' in error ? error.issues : undefined });
}
