import { enableCompileCache } from 'node:module';

// A thread has a cache of its own; see chartbridge.js for why this is JavaScript.
enableCompileCache();
await import('./worker.ts');
