import { randomUUID } from 'node:crypto';
import type { Commit, Store, StoreSettings } from '../store.ts';
import { applyChange, type Applying, prepareChange, type PreparedChange } from './apply-change.ts';
import { collectionsOf, createIndexes } from './collections.ts';
import { connect } from './connection.ts';
import { createCounters, noteTurn, takeTurn } from './counter.ts';
import { isEverybodys, storeFailure, translated } from './failure.ts';
import { inGroups } from './group.ts';
import { feedSums } from './feed-documents.ts';
import { historyPage } from './history.ts';
import { mongoJournal } from './journal.ts';
import { documentId, documentOwner, readState } from './kept-state.ts';
import { livingGateways } from './living-gateways.ts';
import { readText } from './long-text.ts';
import { lookUps } from './look-ups.ts';
import { pendingWrites } from './pending-writes.ts';
import { receiveAll } from './receive.ts';
import { searchPage } from './search.ts';
import { mongoSharing } from './sharing.ts';
import { reindexAll } from './reindex.ts';
import { matchingIds, type SearchGround } from './sub-search.ts';
import { inTransaction } from './transaction.ts';
import { storedVersions, VERSION_FIELDS } from './version.ts';
import { afterPrefix, LAST_TEXT } from '../text-range.ts';
import { walkPages } from '../walk.ts';
import { walkPage } from './walk-page.ts';

/** Where the database is, and what every store is opened with. */
export interface MongoSettings extends StoreSettings {
  /** Shape: mongodb://db1,db2,db3/chartbridge?replicaSet=rs0 */
  readonly url: string;
  /** How long a search may take. Units: ms */
  readonly searchTimeoutMs?: number;
  /** How long a commit is tried while others stand in the way or the primary changes. Units: ms */
  readonly patienceMs?: number;
  /** How long to look for a server. Units: ms */
  readonly connectTimeoutMs?: number;
}

/**
 * A store over a MongoDB replica set or sharded cluster, which many gateways may share. See docs/mongodb.md.
 *
 * Fails: setting-invalid, thrown (not a MongoDB URL; a server without transactions); store-unavailable, thrown (nobody answers)
 */
export async function openMongoStore(settings: MongoSettings): Promise<Store> {
  const { client, db } = await connect(settings.url, settings.connectTimeoutMs ?? 10_000);
  const collections = collectionsOf(db);
  try {
    await createIndexes(db, collections);
    await createCounters(collections);
  } catch (error) {
    await client.close();
    throw storeFailure(error);
  }
  const { extract, now, compartmentParameters } = settings;
  const ground: SearchGround = { collections, compartmentParameters, session: undefined, timeoutMs: settings.searchTimeoutMs ?? 20_000 };

  const holder = randomUUID();
  const living = livingGateways(client, collections, holder);
  const sharing = mongoSharing(collections, living, holder);

  const known = new Set<string>();
  const patienceMs = settings.patienceMs ?? 20_000;
  const commits = inGroups(
    (prepared: readonly PreparedChange[]) =>
      inTransaction<Commit[]>(client, living, patienceMs, async (session) => {
        const seq = await takeTurn(collections, 'commit', session);
        const pending = pendingWrites(collections, session);
        const find = (type: string, filter: Parameters<typeof matchingIds>[1], most: number) =>
          matchingIds(type, filter, most, { ...ground, session });
        const state = await readState(
          collections,
          prepared.map(({ change }) => change),
          session,
        );
        const feeds = feedSums(collections, known);
        const on: Applying = { collections, state, pending, now, holder, find, seq, moved: new Map(), feeds };
        const answer: Commit[] = [];
        for (const change of prepared) answer.push(await applyChange(change, on));
        if (on.seq !== seq || on.moved.size > 0) pending.add(collections.counters, noteTurn('commit', on.seq, on.moved));
        pending.add(collections.counters, ...(await feeds.writes('commit', session)));
        await pending.flush();
        return { answer, wrote: pending.wrote };
      }),
    isEverybodys,
  );
  const arrivals = inGroups(
    (messages: Parameters<typeof receiveAll>[0]) =>
      inTransaction(client, living, patienceMs, (session) => receiveAll(messages, collections, session, holder, known)),
    isEverybodys,
  );

  const look = lookUps(collections);
  const readMany: Store['readMany'] = (references) =>
    translated(async () => {
      const versions = await look.versions(references.map(({ type, id }) => `${type}/${id}`));
      return references.map(({ type, id }) => versions.get(`${type}/${id}`));
    });

  return {
    read: async (type, id) => (await readMany([{ type, id }]))[0],
    readMany,
    readVersion: (type, id, version) =>
      translated(async () => {
        // The current version first: what it is not may have moved to the history since, never the other way.
        const current = await collections.resources.findOne({ _id: `${type}/${id}`, ver: version }, { projection: VERSION_FIELDS });
        const found = current ?? (await collections.history.findOne({ _id: `${type}/${id}/${version}` }));
        return found === null ? undefined : (await storedVersions(collections, [found]))[0];
      }),
    history: (query) => translated(() => historyPage(collections, query)),
    walk: (query) => walkPages(query.after ?? 0, (after) => translated(() => walkPage(collections, query, after))),
    search: (query) => translated(() => searchPage(query, ground)),
    owners: (keys) =>
      translated(async () => {
        const owners = await look.owners(keys);
        return keys.map((key) => owners.get(key));
      }),
    listClaims: (after, count) =>
      translated(async () => {
        const found = await collections.claims.find({ _id: { $gt: after } }, { sort: { _id: 1 }, limit: count }).toArray();
        return found.map(({ _id: key, owner }) => ({ key, owner }));
      }),
    documents: (keys) =>
      translated(async () => {
        const texts = await look.documents(keys.map(documentId));
        return keys.map((key) => texts.get(documentId(key)));
      }),
    listDocuments: (kind, after, count, prefix = '') =>
      translated(async () => {
        const found = await collections.documents
          .find({ kind, key: { $gt: after, $lt: afterPrefix(prefix) ?? LAST_TEXT } }, { sort: { key: 1 }, limit: count })
          .toArray();
        return Promise.all(found.map(async ({ _id, key, json }) => ({ key, json: await readText(collections, json, documentOwner(_id)) })));
      }),
    documentKinds: () => translated(async () => (await collections.documents.distinct('kind')).sort()),
    commit: (change) => translated(() => commits.submit(prepareChange(change, extract))),
    reindex: async (references) => reindexAll(await readMany(references), collections, extract),
    journal: mongoJournal(collections, look, (message) => arrivals.submit(message), sharing),
    async health() {
      try {
        await collections.counters.updateOne({ _id: 'health' }, { $inc: { turn: 1 } }, { upsert: true, timeoutMS: 5_000 });
        return undefined;
      } catch (error) {
        return error instanceof Error ? `${error.name}: the database does not take a durable write` : 'the database does not answer';
      }
    },
    async close() {
      await commits.idle();
      await arrivals.idle();
      await living.leave();
      await client.close();
    },
  };
}
