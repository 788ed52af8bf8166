import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { issue, type Issue } from '../../src/issue/issue.ts';
import { IssueError } from '../../src/issue/issue-error.ts';
import { overStore } from '../../src/store/over-store.ts';
import type { Store } from '../../src/store/store.ts';
import { arrivalOf } from '../store/contract-journal.ts';
import { message, openIntake, openStore, projectTranslator, type TestIntake, type TestIntakeOptions } from './harness.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close();
});
async function open(options: TestIntakeOptions): Promise<TestIntake> {
  const gate = await openIntake(options);
  opened.push(gate);
  return gate;
}

const update = (number: number, patients = 1_000) =>
  message({ id: `K${number}`, type: 'ADT^A08^ADT_A01', pid: `1||P${number % patients}^^^HOSP^MR||N${number}^Ann`, more: ['PV1|1|O'] });

/** Messages that were received and not finished. */
async function backlog(count: number, patients?: number): Promise<Store> {
  const store = await openStore();
  opened.push(store);
  for (let number = 0; number < count; number += 1) {
    const keys = { mrn: [`P${number % (patients ?? 1_000)}`], visit: [], order: [], name: [] };
    const text = update(number, patients);
    await store.journal.receive(arrivalOf(randomUUID(), `K${number}`, text, { sender: 'LAB|HOSP', messageType: 'ADT^A08', keys }));
  }
  return store;
}

const rowsOf = async (store: Store) => (await store.journal.search({ count: 500 })).rows.toReversed();
const never = new Promise<never>(() => undefined);

/** A process over the store that dies, like one that is killed, at the message it is told: nothing of it reaches the store any more. */
async function dying(store: Store, diesAt: (controlId: string, begun: number) => boolean): Promise<{ life: Promise<unknown> }> {
  let isDead = false;
  let begun = 0;
  let died: (value: unknown) => void = () => undefined;
  const death = new Promise((resolve) => (died = resolve));
  const gate = await openIntake({
    store,
    over: (inner) =>
      overStore(inner, {
        commit: (change) => (isDead ? never : inner.commit(change)),
        readMany: (references) => (isDead ? never : inner.readMany(references)),
        journal: { ...inner.journal, get: (id) => (isDead ? never : inner.journal.get(id)) },
      }),
    translator: () => ({
      ...projectTranslator,
      translate: (read) => {
        begun += 1;
        if (diesAt(read.header.value(10), begun)) {
          isDead = true;
          died(undefined);
        }
        return projectTranslator.translate(read);
      },
    }),
  });
  await gate.intake.resume();
  return { life: Promise.race([death, gate.intake.idle()]) };
}

describe('a message that takes the process down', () => {
  test('is given up after five starts of it that the process did not outlive; those that were under way beside it are not', async () => {
    const store = await backlog(60);
    let starts = 0;
    for (; starts < 12 && (await store.journal.pending(0, 1)).length > 0; starts += 1)
      await (await dying(store, (controlId) => controlId === 'K7')).life;
    const rows = await rowsOf(store);
    expect(rows.filter(({ status }) => status !== 'processed').map(({ controlId, status }) => [controlId, status])).toEqual([
      ['K7', 'error'],
    ]);
    expect(starts).toBe(6);
    const row = rows.find(({ controlId }) => controlId === 'K7');
    expect(JSON.parse(row?.issues ?? '[]')).toMatchObject([{ id: 'message-abandoned', parameters: { count: '5' } }]);
  });

  test('is not tried again because its sender sends it again, but when an operator says so', async () => {
    const store = await backlog(1);
    for (let start = 0; start < 6; start += 1) await (await dying(store, () => true)).life;
    const gate = await open({ store });
    expect((await gate.send(update(0))).application).toMatchObject({ code: 'AR', text: (await rowsOf(store))[0]?.ack });
    expect(await gate.intake.reprocess((await rowsOf(store))[0]?.id ?? '')).toMatchObject({ ok: true, value: { code: 'AA' } });
  });
});

describe('a message that was only there when the gateway stopped', () => {
  test('is never given up, however often the gateway is killed while it waits', async () => {
    // each life ends at the first message it begins, and each time at another
    const store = await backlog(40, 1);
    for (let start = 0; start < 10; start += 1) await (await dying(store, (_id, begun) => begun === 2)).life;
    expect((await rowsOf(store)).map(({ status }) => status)).not.toContain('error');
    let translated = 0;
    const gate = await open({
      store,
      translator: () => ({ ...projectTranslator, translate: (read) => ((translated += 1), projectTranslator.translate(read)) }),
    });
    const left = await gate.intake.resume();
    await gate.intake.idle();
    expect(new Set((await rowsOf(store)).map(({ status }) => status))).toEqual(new Set(['processed']));
    expect(translated).toBe(left);
  });

  test('has had no start where the gateway stopped before its turn', async () => {
    const store = await backlog(30);
    for (let start = 0; start < 10; start += 1) {
      const gate = await open({ store });
      gate.intake.stop();
      await gate.intake.resume();
      await gate.intake.idle();
    }
    expect(new Set((await rowsOf(store)).map(({ status, attempts }) => `${status} ${attempts}`))).toEqual(new Set(['received 0']));
  });

  test('gets its start back where it waited for the store at an orderly stop', async () => {
    const store = await backlog(3);
    for (let start = 0; start < 10; start += 1) {
      let tried: () => void = () => undefined;
      const isTried = new Promise<void>((resolve) => (tried = resolve));
      const gate = await open({
        store,
        retry: { firstMs: 60_000, mostMs: 60_000, random: () => 1 },
        over: (inner) =>
          overStore(inner, {
            async commit(change) {
              if (change.messages?.some(({ ack }) => ack !== undefined) !== true) return inner.commit(change);
              tried();
              throw new IssueError(issue('store-busy') satisfies Issue);
            },
          }),
      });
      await gate.intake.resume();
      await isTried;
      gate.intake.stop();
      await gate.intake.idle();
    }
    expect((await rowsOf(store)).map(({ attempts }) => attempts)).toEqual([0, 0, 0]);
    const gate = await open({ store });
    await gate.intake.resume();
    await gate.intake.idle();
    expect((await rowsOf(store)).map(({ status, attempts }) => [status, attempts])).toEqual(
      Array.from({ length: 3 }, () => ['processed', 1]),
    );
  });
});
