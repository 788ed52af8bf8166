import { MongoClient } from 'mongodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Sharing } from '../../src/store/journal.ts';
import { collectionsOf } from '../../src/store/mongo/collections.ts';
import { openMongoStore } from '../../src/store/mongo/open-mongo-store.ts';
import type { Store } from '../../src/store/store.ts';
import { arrivalOf } from './contract-journal.ts';
import { resourceWith, testSettings } from './harness.ts';

/** Who works on which message, where several gateways work over one database. */
export function mongoGateways(freshUrl: () => string): void {
  describe('gateways that share a journal', () => {
    let url: string;
    let client: MongoClient;
    let one: Store;
    let other: Store;
    beforeEach(async () => {
      url = freshUrl();
      client = await MongoClient.connect(url);
      [one, other] = [await openMongoStore({ ...testSettings(), url }), await openMongoStore({ ...testSettings(), url })];
      for (const store of [one, other]) expect(await take(store, 10)).toEqual([]);
    });
    afterEach(async () => {
      await Promise.all([one.close(), other.close()]);
      await client.close();
    });

    const sharingOf = (store: Store): Sharing => store.journal.sharing as Sharing;
    /** What a gateway takes that works on some already. */
    const take = async (store: Store, count: number, working: readonly string[] = []) =>
      (await sharingOf(store).takeOver(count, (id) => working.includes(id))).map(({ id }) => id);
    const keys = { mrn: ['4711'], visit: [], order: [], name: [] };
    const receive = async (store: Store, id: string) => (await store.journal.receive(arrivalOf(id, id, id, { keys }))).row;
    const end = (store: Store, id: string) => store.commit({ messages: [{ id, from: ['received'], status: 'processed', ack: id }] });
    const gateways = () => collectionsOf(client.db()).gateways;

    test('who received a message works on it, and nobody else ends it', async () => {
      const row = await receive(one, 'm1');
      expect(await sharingOf(one).before(row)).toBeUndefined();
      expect(await sharingOf(other).before(row)).toEqual({ id: 'm1', here: false });
      expect(await take(other, 10)).toEqual([]);
      expect(await end(other, 'm1')).toEqual({ ok: false, conflict: 'message', subject: 'm1' });
      expect(await end(one, 'm1')).toMatchObject({ ok: true });
      expect(await sharingOf(other).before(row)).toBeUndefined();
    });

    test('the messages of a patient wait for each other, wherever they came in; those of others do not', async () => {
      await receive(one, 'm1');
      const second = await receive(other, 'm2');
      const stranger = (await other.journal.receive(arrivalOf('m3', 'm3', 'm3', { keys: { ...keys, mrn: ['1'] } }))).row;
      expect(await sharingOf(other).before(second)).toEqual({ id: 'm1', here: false });
      expect(await sharingOf(other).before(stranger)).toBeUndefined();
      await end(one, 'm1');
      expect(await sharingOf(other).before(second)).toBeUndefined();
    });

    test('what a gateway leaves when it stops is taken over at once, in the order of arrival', async () => {
      for (const id of ['m1', 'm2', 'm3']) await receive(one, id);
      const last = await receive(other, 'm4');
      await end(one, 'm2');
      await one.close();
      expect(await take(other, 10, ['m4'])).toEqual(['m1', 'm3']);
      // Taken, and perhaps not begun: given again until it is.
      expect(await take(other, 10, ['m1', 'm4'])).toEqual(['m3']);
      expect(await sharingOf(other).before(last)).toEqual({ id: 'm1', here: true });
      expect(await take(other, 10, ['m1', 'm3', 'm4'])).toEqual([]);
      expect(await end(other, 'm1')).toMatchObject({ ok: true });
    });

    test('a gateway that was silent too long is taken for dead: it lives on, and ends nothing that is no longer its own', async () => {
      const row = await receive(one, 'm1');
      const held = await collectionsOf(client.db()).messages.findOne({ _id: 'm1' });
      await gateways().updateOne({ _id: held?.holder ?? '' }, { $set: { seen: new Date(0) } });
      expect(await take(other, 10)).toEqual(['m1']);
      expect(await end(one, 'm1')).toEqual({ ok: false, conflict: 'message', subject: 'm1' });
      expect(await take(one, 10)).toEqual([]);
      expect(await sharingOf(one).before(row)).toEqual({ id: 'm1', here: false });
      await receive(one, 'm2');
      expect(await take(other, 10, ['m1'])).toEqual([]);
      expect(await end(other, 'm1')).toMatchObject({ ok: true });
    });

    test('two that take over at once share what there is: nothing is taken twice', async () => {
      const third = await openMongoStore({ ...testSettings(), url });
      await take(third, 1);
      const ids = Array.from({ length: 20 }, (_, index) => `m${index}`);
      for (const id of ids) await receive(third, id);
      await third.close();
      const taken = await Promise.all([one, other].map((store) => take(store, 50)));
      expect(taken.flat().sort()).toEqual(ids.sort());
    });

    test('what was received before there were holders, or by a command, is taken over at the start', async () => {
      const early = freshUrl();
      const command = await openMongoStore({ ...testSettings(), url: early });
      for (const id of ['m1', 'm2']) await receive(command, id);
      const direct = await MongoClient.connect(early);
      await collectionsOf(direct.db()).messages.updateOne({ _id: 'm1' }, { $unset: { holder: '', waiting: '' } });
      const gateway = await openMongoStore({ ...testSettings(), url: early });
      expect(await take(gateway, 1)).toEqual(['m1']);
      expect(await take(gateway, 1, ['m1'])).toEqual(['m2']);
      expect(await take(gateway, 1, ['m1', 'm2'])).toEqual([]);
      await Promise.all([command.close(), gateway.close(), direct.close()]);
    });

    test('the turn that a dead gateway holds is taken from it', async () => {
      const session = client.startSession();
      session.startTransaction();
      const { counters } = collectionsOf(client.db());
      await counters.updateOne({ _id: 'commit' }, { $inc: { turn: 1, seq: 1 } }, { session });
      if (session.id !== undefined) await gateways().insertOne({ _id: 'dead', seen: new Date(0), sessions: [session.id] });
      expect(await one.commit({ writes: [{ type: 'Basic', id: 'a', resource: resourceWith('Basic', 'a') }] })).toMatchObject({
        ok: true,
        seq: 1,
      });
      await expect(session.commitTransaction()).rejects.toThrow();
      expect(await gateways().findOne({ _id: 'dead' })).toBeNull();
      await session.endSession();
    });
  });
}
