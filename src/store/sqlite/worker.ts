import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Bug } from '../../issue/issue-error.ts';
import { openWriting, whyNotDurable } from './connection.ts';
import { addCompositeFunction } from './composite.ts';
import { faultOf } from './database-error.ts';
import { soleGateway } from './sole-gateway.ts';
import { Statements } from './statements.ts';
import { Writer } from './writer.ts';
import { MOST_TOGETHER, type FromWorker, type ToWorker } from './write-thread.ts';

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
  port.on('message', (first: ToWorker) => {
    let message: ToWorker | undefined = first;
    while (message !== undefined && message !== 'close') {
      const batch = [message];
      message = undefined;
      for (let next = nextOf(); next !== undefined; next = nextOf()) {
        if (next === 'close' || batch.length >= MOST_TOGETHER) {
          message = next;
          break;
        }
        batch.push(next);
      }
      const outcomes = writer.run(batch.map(({ job }) => job));
      answer({
        kind: 'done',
        outcomes: batch.map(({ number }, index) => ({ number, outcome: outcomes[index] as (typeof outcomes)[number] })),
      });
    }
    if (message === 'close') {
      statements.database.close();
      lock?.close();
      answer({ kind: 'closed' });
      port.close();
    }
  });
  answer({ kind: 'ready', reason });
}

function nextOf(): ToWorker | undefined {
  return receiveMessageOnPort(port)?.message as ToWorker | undefined;
}

try {
  start(workerData as { path: string; alone: boolean });
} catch (error) {
  answer({ kind: 'failed', fault: faultOf(error), issues: error instanceof Error && 'issues' in error ? error.issues : undefined });
}
