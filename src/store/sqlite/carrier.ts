import { parentPort, workerData } from 'node:worker_threads';
import { Bug } from '../../issue/issue-error.ts';
import { openCarrying } from './connection.ts';
import { faultOf } from './database-error.ts';
import type { FromCarrier, ToCarrier } from './log-keeper.ts';

if (parentPort === null) throw new Bug('the log is carried by a worker thread');
const port = parentPort;
const database = openCarrying((workerData as { path: string }).path);
const passive = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');

/** Carries the log, and what is written meanwhile. */
function carry(): FromCarrier {
  try {
    passive.get();
    passive.get();
    return undefined;
  } catch (error) {
    return faultOf(error);
  }
}

port.on('message', (message: ToCarrier) => {
  if (message === 'carry') return port.postMessage(carry());
  database.close();
  port.close();
});
