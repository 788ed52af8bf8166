import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Arrival, MessageQuery, MessageUpdate } from '../../src/store/journal.ts';
import type { Store } from '../../src/store/store.ts';
import { type Harness, resourceWith, testSettings } from './harness.ts';

/** A message as it might arrive. */
export function arrivalOf(id: string, controlId: string, text: string, more: Partial<Arrival> = {}): Arrival {
  const raw = new TextEncoder().encode(text);
  return {
    id,
    raw,
    sha256: createHash('sha256').update(raw).digest('hex'),
    sender: 'LABSYS|GENHOSP',
    controlId,
    messageType: 'ADT^A01',
    channel: 'mllp 127.0.0.1:53124',
    receivedAt: 1_000,
    keys: { mrn: [], visit: [], order: [], name: [] },
    status: 'received',
    ...more,
  };
}

/** The journal: receiving, repeats, the order of arrival, finding messages again. */
export function contractOfJournal(harness: Harness): void {
  describe('journal', () => {
    let store: Store;
    beforeEach(async () => {
      store = await harness.open(testSettings());
    });
    afterEach(() => store.close());

    const receive = (...parameters: Parameters<typeof arrivalOf>) => store.journal.receive(arrivalOf(...parameters));
    const update = (change: MessageUpdate) => store.commit({ messages: [change] });
    const find = async (query: Partial<MessageQuery>): Promise<string[]> =>
      (await store.journal.search({ count: 100, ...query })).rows.map((row) => row.id);

    test('a message is kept with its bytes, as they came', async () => {
      const raw = Uint8Array.from([0, 11, 255, 254, 13, 0]);
      const keys = { mrn: ['12345'], visit: ['V1'], order: ['O1', 'O2'], name: ['Doe', 'Jane'] };
      const received = await receive('m1', 'C1', '', { raw, sha256: 'ab'.repeat(32), keys });
      expect(received).toMatchObject({ kind: 'new', reused: false });
      expect(received.row).toEqual({
        id: 'm1',
        seq: received.row.seq,
        sha256: 'ab'.repeat(32),
        sender: 'LABSYS|GENHOSP',
        controlId: 'C1',
        messageType: 'ADT^A01',
        channel: 'mllp 127.0.0.1:53124',
        receivedAt: 1_000,
        status: 'received',
        keys,
        repeats: 0,
        attempts: 0,
      });
      expect(await store.journal.get('m1')).toEqual(received.row);
      expect(Uint8Array.from((await store.journal.raw('m1')) ?? [])).toEqual(raw);
      expect(await store.journal.get('none')).toBeUndefined();
      expect(await store.journal.raw('none')).toBeUndefined();
    });

    test('the same bytes from the same sender with the same control id are a repeat: one row, counted', async () => {
      await receive('m1', 'C1', 'one');
      await update({ id: 'm1', from: ['received'], status: 'processed', ack: 'MSA|AA' });
      expect(await receive('m2', 'C1', 'one')).toMatchObject({
        kind: 'repeat',
        row: { id: 'm1', repeats: 1, ack: 'MSA|AA', status: 'processed' },
      });
      expect(await receive('m3', 'C1', 'one')).toMatchObject({ kind: 'repeat', row: { id: 'm1', repeats: 2 } });
      expect(await store.journal.get('m2')).toBeUndefined();
      expect(await store.journal.get('m1')).toMatchObject({ repeats: 2 });
    });

    test('other bytes, another sender or another control id are another message', async () => {
      await receive('m1', 'C1', 'one');
      expect(await receive('m2', 'C1', 'two')).toMatchObject({ kind: 'new', reused: true });
      expect(await receive('m3', 'C1', 'one', { sender: 'OTHER|GENHOSP' })).toMatchObject({ kind: 'new', reused: false });
      expect(await receive('m4', 'C2', 'one')).toMatchObject({ kind: 'new', reused: false });
    });

    test('fifty of the same message at once are one row and forty-nine repeats', async () => {
      const all = await Promise.all(Array.from({ length: 50 }, (_, index) => receive(`m${index}`, 'C1', 'one')));
      expect(all.filter((received) => received.kind === 'new')).toHaveLength(1);
      const row = await store.journal.get(all[0]?.row.id ?? '');
      expect(row?.repeats).toBe(49);
    });

    test('a message rejected at once is kept with its answer', async () => {
      await receive('m1', 'C1', 'one', { status: 'rejected', ack: 'MSA|AR', issues: '[]' });
      expect(await store.journal.get('m1')).toMatchObject({ status: 'rejected', ack: 'MSA|AR', issues: '[]' });
      expect(await store.journal.pending(0, 10)).toEqual([]);
    });

    test('what is received or queued is pending, in the order of arrival', async () => {
      for (const id of ['m1', 'm2', 'm3', 'm4']) await receive(id, id, id);
      await update({ id: 'm2', from: ['received'], status: 'processed' });
      await update({ id: 'm1', from: ['received'], status: 'queued', attempts: 1, nextTryAt: 5_000 });
      const pending = await store.journal.pending(0, 10);
      expect(pending.map((row) => row.id)).toEqual(['m1', 'm3', 'm4']);
      expect(pending[0]).toMatchObject({ status: 'queued', attempts: 1, nextTryAt: 5_000 });
      expect((await store.journal.pending(0, 2)).map((row) => row.id)).toEqual(['m1', 'm3']);
      expect((await store.journal.pending(pending[0]?.seq ?? 0, 10)).map((row) => row.id)).toEqual(['m3', 'm4']);
    });

    test('a step in a message happens with its change, and only from the states named', async () => {
      await receive('m1', 'C1', 'one');
      const writes = [{ type: 'Patient', id: 'a', resource: resourceWith('Patient', 'a') }];
      const step: MessageUpdate = {
        id: 'm1',
        from: ['received', 'queued'],
        status: 'processed',
        processedAt: 9,
        attempts: 1,
        ack: 'A',
        issues: '[]',
        trace: '{}',
      };
      expect(await store.commit({ writes, messages: [step] })).toMatchObject({ ok: true });
      expect(await store.journal.get('m1')).toMatchObject({
        status: 'processed',
        processedAt: 9,
        attempts: 1,
        ack: 'A',
        issues: '[]',
        trace: '{}',
      });
      expect(await store.commit({ writes, messages: [step] })).toEqual({ ok: false, conflict: 'message', subject: 'm1' });
      expect((await store.read('Patient', 'a'))?.version).toBe(1);
      expect(await update({ ...step, id: 'none' })).toEqual({ ok: false, conflict: 'message', subject: 'none' });
    });

    test('a step leaves what it does not name, but for the time of the next try', async () => {
      await receive('m1', 'C1', 'one');
      await update({ id: 'm1', from: ['received'], status: 'queued', nextTryAt: 5, attempts: 3, issues: '[1]', ack: 'A' });
      await update({ id: 'm1', from: ['queued'], status: 'error' });
      const row = await store.journal.get('m1');
      expect(row).toMatchObject({ status: 'error', attempts: 3, issues: '[1]', ack: 'A' });
      expect(row?.nextTryAt).toBeUndefined();
    });

    test('every status is counted', async () => {
      expect(await store.journal.counts()).toEqual({ received: 0, queued: 0, processed: 0, filtered: 0, error: 0, rejected: 0 });
      for (const id of ['m1', 'm2', 'm3']) await receive(id, id, id);
      await receive('m4', 'm4', 'm4', { status: 'rejected' });
      await receive('m5', 'm4', 'm4');
      await update({ id: 'm1', from: ['received'], status: 'error' });
      await update({ id: 'm1', from: ['received'], status: 'processed' });
      await update({ id: 'm2', from: ['received'], status: 'filtered' });
      expect(await store.journal.counts()).toEqual({ received: 1, queued: 0, processed: 0, filtered: 1, error: 1, rejected: 1 });
    });

    test('messages are found by each key, newest first', async () => {
      await receive('m1', 'C1', '1', { keys: { mrn: ['1', '2'], visit: ['V1'], order: [], name: ['Müller', 'Anna'] }, receivedAt: 100 });
      await receive('m2', 'C2', '2', { keys: { mrn: ['2'], visit: [], order: ['1'], name: ['Mullen'] }, receivedAt: 200, sender: 'A|B' });
      await receive('m3', 'C2', '3', { receivedAt: 300 });
      await update({ id: 'm3', from: ['received'], status: 'error' });
      expect(await find({})).toEqual(['m3', 'm2', 'm1']);
      expect(await find({ mrn: '2' })).toEqual(['m2', 'm1']);
      expect(await find({ mrn: '1' })).toEqual(['m1']);
      expect(await find({ visit: 'V1' })).toEqual(['m1']);
      expect(await find({ order: '1' })).toEqual(['m2']);
      expect(await find({ name: 'MULLE' })).toEqual(['m2', 'm1']);
      expect(await find({ name: 'anna' })).toEqual(['m1']);
      expect(await find({ controlId: 'C2' })).toEqual(['m3', 'm2']);
      expect(await find({ sender: 'A|B' })).toEqual(['m2']);
      expect(await find({ status: 'error' })).toEqual(['m3']);
      expect(await find({ from: 200 })).toEqual(['m3', 'm2']);
      expect(await find({ from: 100, to: 300 })).toEqual(['m2', 'm1']);
      expect(await find({ mrn: '2', name: 'anna' })).toEqual(['m1']);
      expect(await find({ mrn: '2', controlId: 'C9' })).toEqual([]);
      expect(await find({ mrn: '%' })).toEqual([]);
    });

    test('what became of the messages of each sender is counted with the step itself, whatever is forgotten', async () => {
      const lab = { sender: 'LAB|HOSP', receivedAt: 5_000 };
      await receive('m1', 'C1', 'one', { receivedAt: 9_000 });
      await receive('m2', 'C2', 'two', lab);
      await receive('m3', 'C2', 'two', { ...lab, receivedAt: 4_000 });
      await receive('m4', 'C4', 'four', { ...lab, status: 'rejected', counted: ['rejected'] });
      await receive('m5', 'C4', 'four', { ...lab, receivedAt: 4_500, status: 'rejected', counted: ['rejected'] });
      // the message stands elsewhere: what its repetition would come to is not what it came to
      await receive('m6', 'C1', 'one', { status: 'rejected', counted: ['rejected'], receivedAt: 9_500 });
      await update({ id: 'm1', from: ['received'], status: 'queued' });
      const end: MessageUpdate = { id: 'm1', from: ['queued'], status: 'processed', counted: ['accepted', 'merged'] };
      expect(await update(end)).toMatchObject({ ok: true });
      expect(await update(end)).toMatchObject({ ok: false });
      await update({ id: 'm2', from: ['received'], status: 'error', counted: ['failed'] });
      const counted = [
        { sender: 'LABSYS|GENHOSP', lastAt: 9_500, received: 2, repeated: 1, accepted: 1, failed: 0, rejected: 0, merged: 1 },
        { sender: 'LAB|HOSP', lastAt: 4_500, received: 4, repeated: 2, accepted: 0, failed: 1, rejected: 2, merged: 0 },
      ];
      expect(await store.journal.feeds()).toEqual(counted);
      await update({ id: 'm1', from: ['processed'], status: 'processed', forget: 'row' });
      expect(await store.journal.feeds()).toEqual(counted);
    });

    test('senders without number are counted together from the two hundredth on, and none is lost', async () => {
      const name = (number: number) => `S${number}|${'x'.repeat(200)}`;
      await Promise.all(Array.from({ length: 260 }, (_, number) => receive(`m${number}`, 'C', 'one', { sender: name(number) })));
      await update({ id: 'm259', from: ['received'], status: 'processed', counted: ['accepted'] });
      const feeds = await store.journal.feeds();
      expect(feeds.length).toBeLessThanOrEqual(201);
      expect(feeds.reduce((sum, { received }) => sum + received, 0)).toBe(260);
      expect(feeds.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(1);
      expect(feeds.find(({ sender }) => sender === 'other')?.received).toBeGreaterThanOrEqual(59);
      expect(Math.max(...feeds.map(({ sender }) => sender.length))).toBe(128);
    });

    test('only messages that have ended may be forgotten, the oldest first', async () => {
      for (const [index, id] of ['m1', 'm2', 'm3', 'm4', 'm5', 'm6'].entries())
        await receive(id, id, 'x'.repeat(index + 1), { receivedAt: index });
      await receive('m7', 'm7', 'seven', { status: 'rejected', receivedAt: 6 });
      await update({ id: 'm1', from: ['received'], status: 'processed' });
      await update({ id: 'm2', from: ['received'], status: 'error' });
      await update({ id: 'm3', from: ['received'], status: 'queued' });
      await update({ id: 'm4', from: ['received'], status: 'filtered' });
      await update({ id: 'm6', from: ['received'], status: 'processed' });
      const found = (what: 'content' | 'row', before: number, count = 10) => store.journal.forgettable({ what, before, count });
      const expected = [
        { id: 'm1', status: 'processed', receivedAt: 0, bytes: 1 },
        { id: 'm4', status: 'filtered', receivedAt: 3, bytes: 4 },
        { id: 'm6', status: 'processed', receivedAt: 5, bytes: 6 },
      ];
      expect(await found('content', 6)).toEqual(expected);
      expect(await found('row', 6)).toEqual(expected);
      expect((await found('content', 100)).map(({ id }) => id)).toEqual(['m1', 'm4', 'm6', 'm7']);
      expect(await found('content', 100, 2)).toEqual(expected.slice(0, 2));
      expect(await found('row', 0)).toEqual([]);
    });

    test('a message whose content is forgotten still knows its own bytes and their answer', async () => {
      const trace = `{"long":"${'x'.repeat(5_000_000)}"}`;
      await receive('m1', 'C1', 'one', { keys: { mrn: ['1'], visit: [], order: [], name: ['Doe'] } });
      await update({ id: 'm1', from: ['received'], status: 'processed', ack: 'ACK', issues: '[]', trace });
      expect((await store.journal.weigh(0, 10)).bytes).toBe(3);
      expect(await update({ id: 'm1', from: ['processed'], status: 'processed', forget: 'content' })).toMatchObject({ ok: true });
      expect(await store.journal.raw('m1')).toBeUndefined();
      const row = await store.journal.get('m1');
      expect([row?.status, row?.ack, row?.issues, row?.trace]).toEqual(['processed', 'ACK', '[]', undefined]);
      expect(await receive('m2', 'C1', 'one')).toMatchObject({ kind: 'repeat', row: { id: 'm1', ack: 'ACK' } });
      expect(await find({ mrn: '1' })).toEqual(['m1']);
      expect(await store.journal.forgettable({ what: 'content', before: 9_999, count: 10 })).toEqual([]);
      expect(await store.journal.forgettable({ what: 'row', before: 9_999, count: 10 })).toMatchObject([{ id: 'm1', bytes: 0 }]);
      expect(await store.journal.weigh(0, 10)).toEqual({ bytes: 0, last: 0 });
    });

    test('a row that is forgotten is gone from every place, and its bytes are new again', async () => {
      await receive('m1', 'C1', 'one', { keys: { mrn: ['1'], visit: ['2'], order: ['3'], name: ['Doe'] } });
      await update({ id: 'm1', from: ['received'], status: 'filtered', ack: 'A'.repeat(5_000_000), issues: '[]' });
      expect(await update({ id: 'm1', from: ['processed'], status: 'processed', forget: 'row' })).toMatchObject({ ok: false });
      expect(await update({ id: 'm1', from: ['filtered'], status: 'filtered', forget: 'row' })).toMatchObject({ ok: true });
      expect([await store.journal.get('m1'), await store.journal.raw('m1')]).toEqual([undefined, undefined]);
      for (const query of [{ mrn: '1' }, { visit: '2' }, { order: '3' }, { name: 'doe' }, { controlId: 'C1' }, {}])
        expect(await find(query)).toEqual([]);
      expect(await store.journal.counts()).toMatchObject({ filtered: 0 });
      expect(await receive('m2', 'C1', 'one')).toMatchObject({ kind: 'new', reused: false });
    });

    test('the weight of messages is that of their bytes, counted in steps', async () => {
      for (const [index, id] of ['m1', 'm2', 'm3'].entries()) await receive(id, id, 'x'.repeat(10 ** index));
      const first = await store.journal.weigh(0, 2);
      const second = await store.journal.weigh(first.last, 2);
      expect([first.bytes, second.bytes]).toEqual([11, 100]);
      expect(await store.journal.weigh(second.last, 2)).toEqual({ bytes: 0, last: second.last });
    });

    test('messages come in pages', async () => {
      for (const id of ['m1', 'm2', 'm3', 'm4', 'm5']) await receive(id, id, id);
      const first = await store.journal.search({ count: 2 });
      await receive('m6', 'm6', 'm6');
      const second = await store.journal.search({ count: 2, before: first.next ?? 0 });
      const third = await store.journal.search({ count: 2, before: second.next ?? 0 });
      expect([first, second, third].map((page) => page.rows.map((row) => row.id))).toEqual([['m5', 'm4'], ['m3', 'm2'], ['m1']]);
      expect(third.next).toBeUndefined();
    });
  });
}
