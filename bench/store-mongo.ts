import { performance } from 'node:perf_hooks';
import { startMongoServer } from '../scripts/mongo-server.ts';
import { openMongoStore } from '../src/store/mongo/open-mongo-store.ts';
import { changesOf, runChanges, searches, settings } from './store.ts';

/**
 * `node bench/store-mongo.ts [resources]`: the MongoDB store on whatever server scripts/mongo-server.ts finds. On SecantusDB the figures
 * compare one state of the store with another; they say nothing about a mongod.
 */
const resources = Number(process.argv[2] ?? 3_000);
const server = await startMongoServer({ log: console.error });
if (server === undefined) process.exit(1);
console.log(`${server.name}, ${resources} resources`);
const url = new URL(server.url);
url.pathname = `/chartbridge_bench_${process.pid}`;
const stores = [await openMongoStore({ ...settings, url: url.href }), await openMongoStore({ ...settings, url: url.href })] as const;
const [store, other] = stores;
const print = (name: string, value: number, unit: string): void =>
  console.log(`${name.padEnd(66)} ${value.toFixed(1).padStart(10)} ${unit}`);

print('creates, one each, one caller', 100 / (await runChanges(store, changesOf(0, 100, 1), 1)), 'commits/s');
print('creates, one each, 64 callers', 400 / (await runChanges(store, changesOf(100, 500, 1), 64)), 'commits/s');
const begun = performance.now();
await Promise.all([runChanges(store, changesOf(500, 800, 1), 32), runChanges(other, changesOf(800, 1_100, 1), 32)]);
print('creates, one each, two gateways of 32 callers', 600_000 / (performance.now() - begun), 'commits/s');
print(
  'creates, 15 a transaction, 16 callers',
  (resources - 1_100) / (await runChanges(store, changesOf(1_100, resources, 15), 16)),
  'resources/s',
);
for (const [name, query] of Object.entries(searches)) {
  const start = performance.now();
  let done = 0;
  for (; performance.now() - start < 500; done += 1) await store.search(query((done * 6151) % resources));
  print(`search: ${name}`, (done * 1000) / (performance.now() - start), 'searches/s');
}
await Promise.all(stores.map((one) => one.close()));
await server.stop();
