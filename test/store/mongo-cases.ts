import { MongoClient } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { EVERYTHING, type Filter, searchOf } from '../../src/fhir/search-query.ts';
import { collectionsOf } from '../../src/store/mongo/collections.ts';
import { copyStore } from '../../src/store/copy-store.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { digestOf } from '../../src/store/store-digest.ts';
import { openMongoStore } from '../../src/store/mongo/open-mongo-store.ts';
import { pageOrder } from '../../src/store/mongo/page-order.ts';
import { matching } from '../../src/store/mongo/sub-search.ts';
import type { Store } from '../../src/store/store.ts';
import { arrivalOf } from './contract-journal.ts';
import { fillStore } from './kept-content.ts';
import { cutProxy } from './cut-proxy.ts';
import { resourceWith, testSettings, valuesOf } from './harness.ts';

const BIG = 20 * 1024 * 1024;

/** What is said of MongoDB alone: what it refuses, what is too long for one document, many gateways over one database, its indexes. */
export function mongoCases(freshUrl: () => string, standalone: string | undefined, serverName: string): void {
  const open = (url: string): Promise<Store> => openMongoStore({ ...testSettings(), url, connectTimeoutMs: 2_000 });

  describe('opening', () => {
    test.skipIf(standalone === undefined)('a server without transactions is refused with the reason', async () => {
      await expect(open(standalone ?? '')).rejects.toMatchObject({
        issues: [{ id: 'setting-invalid', parameters: { setting: 'DATABASE_URL', reason: expect.stringContaining('replica set') } }],
      });
    });

    test('what is no MongoDB URL is refused', async () => {
      await expect(open('http://127.0.0.1/')).rejects.toMatchObject({ issues: [{ id: 'setting-invalid' }] });
    });

    test('a server that does not answer is unavailable', async () => {
      await expect(open('mongodb://127.0.0.1:9/?directConnection=true')).rejects.toMatchObject({ issues: [{ id: 'store-unavailable' }] });
    });

    test('two gateways that open an empty database at once both find it whole', async () => {
      const url = freshUrl();
      const stores = await Promise.all([open(url), open(url), open(url)]);
      const commits = await Promise.all(
        stores.map((store, at) => store.commit({ writes: [{ type: 'Basic', id: `b${at}`, resource: resourceWith('Basic', `b${at}`) }] })),
      );
      expect(new Set(commits.map((commit) => commit.ok && commit.seq))).toEqual(new Set([1, 2, 3]));
      await Promise.all(stores.map((store) => store.close()));
    });
  });

  describe('what is too long for one document', () => {
    test('a resource of 20 MiB is kept whole, in its history too', async () => {
      const store = await open(freshUrl());
      const data = 'QUJD'.repeat(BIG / 4);
      for (const title of ['first', 'second'])
        await store.commit({ writes: [{ type: 'Binary', id: 'a', resource: resourceWith('Binary', 'a', {}, { data, title }) }] });
      const texts = [await store.readVersion('Binary', 'a', 1), await store.read('Binary', 'a')].map((version) => version?.json ?? '');
      expect(texts.map((text) => (JSON.parse(text) as { title: string; data: string }).title)).toEqual(['first', 'second']);
      expect(texts.every((text) => (JSON.parse(text) as { data: string }).data === data)).toBe(true);
      expect((await store.history({ type: 'Binary', id: 'a', count: 2 })).versions.map(({ json }) => json.length)).toEqual(
        texts.map((text) => text.length).reverse(),
      );
      await store.close();
    });

    test('a text of many bytes a letter is cut nowhere', async () => {
      const store = await open(freshUrl());
      const json = JSON.stringify('€😀'.repeat(1_400_000));
      await store.commit({ documents: [{ kind: 'k', key: 'a', json }] });
      expect((await store.documents([{ kind: 'k', key: 'a' }]))[0] === json).toBe(true);
      await store.commit({ documents: [{ kind: 'k', key: 'a', json: '1', expected: json }] });
      expect(await store.listDocuments('k', '', 9)).toEqual([{ key: 'a', json: '1' }]);
      await store.close();
    });

    test('a message of 20 MiB is kept to the byte, and a trace of 17 MiB with it', async () => {
      const store = await open(freshUrl());
      const raw = new Uint8Array(BIG).map((_, at) => at % 251);
      await store.journal.receive({ ...arrivalOf('m1', 'C1', ''), raw });
      expect(Buffer.compare((await store.journal.raw('m1')) ?? new Uint8Array(), raw)).toBe(0);
      const trace = JSON.stringify('x'.repeat(17 * 1024 * 1024));
      await store.commit({ messages: [{ id: 'm1', from: ['received'], status: 'error', trace }] });
      expect((await store.journal.get('m1'))?.trace === trace).toBe(true);
      await store.commit({ messages: [{ id: 'm1', from: ['error'], status: 'processed', trace: 'short' }] });
      expect((await store.journal.get('m1'))?.trace).toBe('short');
      await store.close();
    });

    test('a resource found by more than a document holds is refused, and those beside it are kept', async () => {
      const store = await open(freshUrl());
      const strings = [{ parameter: 'name', value: 'x'.repeat(9_000_000), normalised: 'x'.repeat(9_000_000) }];
      const [refused, kept] = await Promise.allSettled([
        store.commit({ writes: [{ type: 'Basic', id: 'a', resource: resourceWith('Basic', 'a', { strings }) }] }),
        store.commit({ writes: [{ type: 'Basic', id: 'b', resource: resourceWith('Basic', 'b') }] }),
      ]);
      expect(refused).toMatchObject({ status: 'rejected', reason: { issues: [{ id: 'too-costly' }] } });
      expect(kept).toMatchObject({ status: 'fulfilled', value: { ok: true } });
      expect(await store.read('Basic', 'a')).toBeUndefined();
      await store.close();
    });
  });

  describe('copying', () => {
    test('from SQLite to MongoDB and back keeps everything', async () => {
      const settings = testSettings();
      const [first, last] = [
        await openSqliteStore({ ...settings, path: ':memory:' }),
        await openSqliteStore({ ...settings, path: ':memory:' }),
      ];
      const middle = await open(freshUrl());
      await fillStore(first, settings.clock);
      const digest = await digestOf(first);
      expect(await copyStore(first, middle)).toEqual(digest);
      expect(await middle.commit({ writes: [] })).toMatchObject({ ok: true, seq: ((await first.commit({})) as { seq: number }).seq });
      expect(await copyStore(middle, last)).toEqual(digest);
      await Promise.all([first, middle, last].map((store) => store.close()));
    });
  });

  describe('many gateways over one database', () => {
    const pair = async (): Promise<readonly [Store, Store]> => {
      const url = freshUrl();
      return [await open(url), await open(url)];
    };

    const one = (stores: readonly [Store, Store], at: number): Store => stores[at % 2 === 0 ? 0 : 1];

    test('what was counted of feeds in documents of their own is kept', async () => {
      const url = freshUrl();
      const first = await open(url);
      const json = '{"received":9,"repeated":1,"accepted":5,"failed":2,"rejected":1,"lastAt":4711}';
      await first.commit({ documents: [{ kind: 'feed', key: 'LAB|HOSP', json }] });
      await first.close();
      for (let start = 0; start < 2; start += 1) {
        const store = await open(url);
        expect(await store.journal.feeds()).toEqual([{ sender: 'LAB|HOSP', merged: 0, ...(JSON.parse(json) as object) }]);
        expect(await store.documentKinds()).toEqual([]);
        await store.close();
      }
    });

    test('what both count of one sender is the sum of it', async () => {
      const stores = await pair();
      const message = async (at: number) => {
        const { row } = await one(stores, at).journal.receive(arrivalOf(`m${at}`, `C${at}`, 'one'));
        await one(stores, at).journal.receive(arrivalOf(`r${at}`, `C${at}`, 'one'));
        await one(stores, at).commit({ messages: [{ id: row.id, from: ['received'], status: 'processed', counted: ['accepted'] }] });
      };
      await Promise.all(Array.from({ length: 40 }, (_, at) => message(at)));
      for (const store of stores)
        expect(await store.journal.feeds()).toMatchObject([{ sender: 'LABSYS|GENHOSP', received: 80, repeated: 40, accepted: 40 }]);
      await Promise.all(stores.map((store) => store.close()));
    });

    test('fifty conditional creates through two gateways make exactly one', async () => {
      const stores = await pair();
      const token = { parameter: 'identifier', system: 'urn:oid:1.2', code: '4711' };
      const filter = { op: 'token', ...token } as const;
      const commits = await Promise.all(
        Array.from({ length: 50 }, (_, at) =>
          one(stores, at).commit({
            guards: [{ type: 'Patient', filter, key: 'identifier=urn:oid:1.2|4711', ids: [] }],
            writes: [{ type: 'Patient', id: `p${at}`, resource: resourceWith('Patient', `p${at}`, { tokens: [token] }) }],
          }),
        ),
      );
      expect(commits.filter((commit) => commit.ok)).toHaveLength(1);
      const found = await stores[0].search(searchOf('Patient', filter, { total: 'accurate' }));
      expect(found.ok && found.value.total).toBe(1);
      await Promise.all(stores.map((store) => store.close()));
    });

    test('no update is lost, and no number becomes visible after a greater one', async () => {
      const stores = await pair();
      await stores[0].commit({ writes: [{ type: 'Basic', id: 'c', resource: resourceWith('Basic', 'c', {}, { count: 0 }) }] });
      const raise = async (store: Store): Promise<void> => {
        for (;;) {
          const current = await store.read('Basic', 'c');
          const { count } = JSON.parse(current?.json ?? '{}') as { count: number };
          const resource = resourceWith('Basic', 'c', {}, { count: count + 1 });
          if ((await store.commit({ writes: [{ type: 'Basic', id: 'c', expected: current?.version ?? 0, resource }] })).ok) return;
        }
      };
      const seen: number[][] = [];
      const over = new AbortController();
      const watch = async (): Promise<void> => {
        while (!over.signal.aborted) seen.push((await stores[1].history({ count: 1000 })).versions.map(({ seq }) => seq));
      };
      const watching = watch();
      await Promise.all(Array.from({ length: 30 }, (_, at) => raise(one(stores, at))));
      over.abort();
      await watching;
      expect(JSON.parse((await stores[1].read('Basic', 'c'))?.json ?? '')).toMatchObject({ count: 30 });
      const all = (await stores[0].history({ count: 1000 })).versions.map(({ seq }) => seq);
      expect(all).toHaveLength(31);
      for (const some of seen) expect(some).toEqual(all.filter((seq) => seq <= (some[0] ?? 0)));
      await Promise.all(stores.map((store) => store.close()));
    });

    test('a message that reaches two gateways at once is one row', async () => {
      const stores = await pair();
      const received = await Promise.all(
        Array.from({ length: 40 }, (_, at) => one(stores, at).journal.receive(arrivalOf(`m${at}`, `C${at % 4}`, 'one'))),
      );
      expect(received.filter(({ kind }) => kind === 'new')).toHaveLength(4);
      expect((await stores[0].journal.pending(0, 99)).map(({ seq, repeats }) => [seq, repeats])).toEqual(
        [1, 2, 3, 4].map((seq) => [seq, 9]),
      );
      await Promise.all(stores.map((store) => store.close()));
    });

    test('who finds the turn taken waits, and decides on what was committed meanwhile', async () => {
      const url = freshUrl();
      const store = await open(url);
      await store.commit({ writes: [{ type: 'Basic', id: 'a', resource: resourceWith('Basic', 'a') }] });
      const client = await MongoClient.connect(url);
      const collections = collectionsOf(client.db());
      const session = client.startSession();
      session.startTransaction();
      await collections.counters.updateOne({ _id: 'commit' }, { $inc: { turn: 1, seq: 1 } }, { session });
      await collections.resources.updateOne({ _id: 'Basic/a' }, { $set: { ver: 2, seq: 2 } }, { session });
      const decided = [0, 1, 2].map((expected) =>
        store.commit({ writes: [{ type: 'Basic', id: 'a', expected, resource: resourceWith('Basic', 'a') }] }),
      );
      await new Promise((done) => setTimeout(done, 300));
      await session.commitTransaction();
      const commits = await Promise.all(decided);
      expect(commits.map((commit) => (commit.ok ? commit.seq : commit.conflict))).toEqual(['version', 'version', 3]);
      await client.close();
      await store.close();
    });
  });

  describe('a connection that is cut', () => {
    const through = async () => {
      const url = new URL(freshUrl());
      const proxy = await cutProxy(Number(url.port));
      url.port = String(proxy.port);
      return { proxy, url: url.href };
    };

    test('under commits: each happens once, and is said to have happened', async () => {
      const { proxy, url } = await through();
      const store = await openMongoStore({ ...testSettings(), url, connectTimeoutMs: 5_000 });
      // In the middle of those that follow, and not by the clock: a slow machine would get nothing done between two cuts.
      let cuts = 0;
      const cutSoon = () => setTimeout(() => proxy.cut(), (cuts++ * 7) % 23);
      const count = async (id: string): Promise<void> => {
        for (let expected = 0; expected < 12; expected += 1) {
          const commit = await store.commit({ writes: [{ type: 'Basic', id, expected, resource: resourceWith('Basic', id) }] });
          expect(commit).toMatchObject({ ok: true, versions: [{ version: expected + 1 }] });
          cutSoon();
        }
      };
      const received: string[] = [];
      const receive = async (): Promise<void> => {
        for (let at = 0; at < 12; at += 1) {
          received.push((await store.journal.receive(arrivalOf(`m${at}`, `C${at}`, 'one'))).kind);
          cutSoon();
        }
      };
      cutSoon();
      await Promise.all([count('a'), count('b'), receive()]);
      await new Promise((lastCut) => setTimeout(lastCut, 23));
      expect(received).toEqual(received.map(() => 'new'));
      expect((await store.history({ count: 100 })).versions).toHaveLength(24);
      expect(await store.journal.counts()).toMatchObject({ received: 12 });
      expect(await store.journal.feeds()).toMatchObject([{ received: 12, repeated: 0 }]);
      await store.close();
      await proxy.stop();
    });

    test('for good: a commit says so when its patience is over, and the store is whole when the server is back', async () => {
      const { proxy, url } = await through();
      const store = await openMongoStore({ ...testSettings(), url, connectTimeoutMs: 2_000, patienceMs: 2_500 });
      const commit = () => store.commit({ writes: [{ type: 'Basic', id: 'a', resource: resourceWith('Basic', 'a') }] });
      expect(await store.health()).toBeUndefined();
      proxy.closed = true;
      proxy.cut();
      const failures = await Promise.allSettled([
        commit(),
        commit(),
        store.read('Basic', 'a'),
        store.search(searchOf('Basic', EVERYTHING)),
      ]);
      for (const failed of failures)
        expect(failed).toMatchObject({ status: 'rejected', reason: { issues: [{ id: 'store-unavailable' }] } });
      expect(await store.health()).toEqual(expect.any(String));
      proxy.closed = false;
      expect(await commit()).toMatchObject({ ok: true, versions: [{ version: 1 }] });
      expect(await store.health()).toBeUndefined();
      await store.close();
      await proxy.stop();
    });
  });

  describe('indexes', () => {
    const filters: Record<string, Filter> = {
      token: { op: 'token', parameter: 'identifier', system: 'urn:oid:1.2', code: '7' },
      reference: { op: 'reference', parameter: 'subject', type: 'Patient', id: 'p7' },
      id: { op: 'id', ids: ['o7'] },
      string: { op: 'string', parameter: 'family', match: 'starts', value: 'Name7' },
      exact: { op: 'string', parameter: 'family', match: 'exact', value: 'Name7' },
      date: { op: 'date', parameter: 'date', prefix: 'eq', low: 7_000, high: 8_000 },
      uri: { op: 'uri', parameter: 'source', match: 'exact', value: 'urn:7' },
      'several codes': { op: 'or', of: ['7', '8'].map((code) => ({ op: 'token', parameter: 'identifier', code })) },
      composite: {
        op: 'composite',
        parameter: 'code-value',
        parts: [
          { op: 'token', parameter: 'identifier', code: '7' },
          { op: 'number', parameter: 'value', prefix: 'gt', value: 1, low: 0.5, high: 1.5 },
        ],
      },
      chain: { op: 'chain', parameter: 'subject', types: ['Patient'], filter: { op: 'token', parameter: 'identifier', code: '7' } },
    };
    const identifier = (at: number) => ({ parameter: 'identifier', system: 'urn:oid:1.2', code: String(at) });
    const number = { parameter: 'value', value: 5, low: 4.5, high: 5.5 };
    /** Its planner looks for no index inside $elemMatch, nor beside a field of its own making. */
    const beyondSecantus = new Set(['string', 'date', 'id', 'composite']);

    for (const [kind, filter] of Object.entries(filters)) {
      const unplanned = serverName.startsWith('SecantusDB') && beyondSecantus.has(kind);
      test.skipIf(unplanned)(`a search by ${kind} goes through an index${unplanned ? ' (needs a mongod)' : ''}`, async () => {
        const url = freshUrl();
        const store = await open(url);
        await store.commit({
          writes: Array.from({ length: 200 }, (_, at) => {
            const resource = resourceWith('Observation', `o${at}`, {
              tokens: [identifier(at)],
              references: [{ parameter: 'subject', type: 'Patient', id: `p${at}` }],
              strings: [{ parameter: 'family', value: `Name${at}`, normalised: `name${at}` }],
              dates: [{ parameter: 'date', low: at * 1000, high: at * 1000 + 1000 }],
              uris: [{ parameter: 'source', value: `urn:${at}` }],
              composites: [{ parameter: 'code-value', parts: [{ tokens: [identifier(at)] }, { numbers: [number] }].map(valuesOf) }],
            });
            return { type: 'Observation', id: `o${at}`, resource };
          }),
        });
        const client = await MongoClient.connect(url);
        const collections = collectionsOf(client.db());
        const ground = { collections, compartmentParameters: () => [], session: undefined, timeoutMs: 5_000 };
        const condition = await matching(['Observation'], filter, ground);
        const plan = await collections.resources.find(condition).sort(pageOrder([]).sort).limit(21).explain('executionStats');
        expect(JSON.stringify(plan['queryPlanner'])).toContain('IXSCAN');
        expect(JSON.stringify(plan['queryPlanner'])).not.toContain('COLLSCAN');
        expect((plan['executionStats'] as { totalDocsExamined: number }).totalDocsExamined).toBeLessThan(30);
        await client.close();
        await store.close();
      });
    }
  });
}
