import { enableCompileCache } from 'node:module';
import { workerData } from 'node:worker_threads';

// A thread has a cache of its own; see chartbridge.js for why this is JavaScript.
enableCompileCache();
await (workerData.carries === true ? import('./carrier.ts') : import('./worker.ts'));
