import { describe, inject } from 'vitest';
import { openMongoStore } from '../../src/store/mongo/open-mongo-store.ts';
import type { Store } from '../../src/store/store.ts';
import { storeContract } from './contract.ts';
import type { Harness } from './harness.ts';
import { mongoCases } from './mongo-cases.ts';
import { mongoGateways } from './mongo-gateways.ts';

const server = inject('mongo');
let databases = 0;
const names = new WeakMap<Store, string>();

function freshUrl(): string {
  const url = new URL(server?.url ?? '');
  url.pathname = `/chartbridge_test_${process.pid}_${(databases += 1)}`;
  return url.href;
}

const harness: Harness = {
  runs: 15,
  async open(settings) {
    const url = freshUrl();
    const store = await openMongoStore({ ...settings, url });
    names.set(store, url);
    return store;
  },
  async reopen(store, settings) {
    await store.close();
    return openMongoStore({ ...settings, url: names.get(store) ?? '' });
  },
};

describe.skipIf(server === undefined)(`MongoDB (${server?.name ?? 'needs a server: see docs/mongodb.md'})`, () => {
  storeContract('mongo', harness);
  mongoCases(freshUrl, inject('standalone'), server?.name ?? '');
  mongoGateways(freshUrl);
});
