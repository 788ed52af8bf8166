import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type MongoServer, startMongoServer } from '../scripts/mongo-server.ts';
import { openMongoStore } from '../src/store/mongo/open-mongo-store.ts';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import type { Store } from '../src/store/store.ts';
import { scratchFolder } from '../test/end-to-end/gateway.ts';
import type { Figure } from './measure.ts';
import { changesOf, runChanges, searches, settings } from './store.ts';

const RESOURCES = 3_000;
const SEARCH_MS = 400;

interface Rate {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/**
 * The MongoDB store on whatever server scripts/mongo-server.ts finds, beside SQLite with the same resources. On SecantusDB, which is Python, the
 * figures compare one state of the store with another; they say nothing about a mongod. Without a server there are none.
 */
export async function mongoFigures(): Promise<Figure[]> {
  const server = await startMongoServer({ log: console.error });
  if (server === undefined) {
    console.log('MongoDB: left out, no server could be had (docs/mongodb.md)');
    return [];
  }
  try {
    return await beside(server);
  } finally {
    await server.stop();
  }
}

async function beside(server: MongoServer): Promise<Figure[]> {
  const url = new URL(server.url);
  url.pathname = `/chartbridge_bench_${process.pid}`;
  const open = () => openMongoStore({ ...settings, url: url.href });
  const folder = scratchFolder();
  const [store, other, sqlite] = await Promise.all([open(), open(), openSqliteStore({ ...settings, path: join(folder.path, 'bench.db') })]);
  try {
    const rates = [...(await writeRates(store)), await twoGateways(store, other), ...(await searchRates(store))];
    const theirs = [...(await writeRates(sqlite)), ...(await searchRates(sqlite))];
    return rates.map(({ name, ...rate }) => {
      const same = theirs.find((one) => one.name === name);
      const ratio = same === undefined ? {} : { ratioTo: `${(rate.value / same.value).toFixed(2)} of SQLite` };
      return { name: `MongoDB, ${name}`, ...rate, ...ratio, note: `${server.name}, ${RESOURCES.toLocaleString('en')} resources` };
    });
  } finally {
    await Promise.all([store, other, sqlite].map((one) => one.close()));
    rmSync(folder.path, { recursive: true, force: true });
  }
}

async function writeRates(store: Store): Promise<Rate[]> {
  const alone = 100 / (await runChanges(store, changesOf(0, 100, 1), 1));
  const grouped = 400 / (await runChanges(store, changesOf(100, 500, 1), 64));
  const bundled = (RESOURCES - 500) / (await runChanges(store, changesOf(500, RESOURCES, 15), 16));
  return [
    { name: 'creates, one each, one caller', value: alone, unit: 'commits/s' },
    { name: 'creates, one each, 64 callers', value: grouped, unit: 'commits/s' },
    { name: 'creates, 15 a transaction, 16 callers', value: bundled, unit: 'resources/s' },
  ];
}

async function twoGateways(store: Store, other: Store): Promise<Rate> {
  const begun = performance.now();
  const from = (first: number) => changesOf(RESOURCES + first, RESOURCES + first + 300, 1);
  await Promise.all([runChanges(store, from(0), 32), runChanges(other, from(300), 32)]);
  return { name: 'creates, one each, two gateways of 32 callers', value: 600_000 / (performance.now() - begun), unit: 'commits/s' };
}

async function searchRates(store: Store): Promise<Rate[]> {
  const rates: Rate[] = [];
  for (const [name, query] of Object.entries(searches)) {
    const start = performance.now();
    let done = 0;
    for (; performance.now() - start < SEARCH_MS; done += 1) await store.search(query((done * 6151) % RESOURCES));
    rates.push({ name: `search: ${name}`, value: (done * 1000) / (performance.now() - start), unit: 'searches/s' });
  }
  return rates;
}
