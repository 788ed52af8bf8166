#!/usr/bin/env node
import module from 'node:module';
import process from 'node:process';

// `npm ci` runs on what is there and brings this Node with it; npm scripts find it, a service manager may not.
if (Number.parseInt(process.versions.node, 10) < 24) {
  process.stderr.write(`chartbridge: needs Node 24 or later, not ${process.versions.node}; npm ci puts one at node_modules/.bin/node\n`);
  process.exit(2);
}
// What was stripped of its types and compiled once is kept between starts. In JavaScript, and everything else behind it: a first file in
// TypeScript brings the type stripper with it before the cache can tell that nothing needs it, a fifth of a second and 20 MB each start.
module.enableCompileCache();
await import('./src/cli.ts');
