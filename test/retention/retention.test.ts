import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { beyondMemory } from '../../src/retention/beyond-memory.ts';
import { createRetention, type Forgotten, type Retention, type RetentionLimits } from '../../src/retention/retention.ts';
import type { Store } from '../../src/store/store.ts';
import { message, openIntake, type TestIntake } from '../intake/harness.ts';
import { publish } from '../long/figures.ts';

const DAY = 86_400_000;
let intake: TestIntake;
let store: Store;
let clock: { now: number; elapsed: number };
let audited: Forgotten[];

beforeEach(async () => {
  intake = await openIntake({ beyondMemory: (sentAt) => beyondMemory(sentAt, current?.rememberedFrom) });
  store = intake.store;
  clock = { now: intake.clock.now, elapsed: 0 };
  audited = [];
  current = undefined;
});
afterEach(() => intake.close());

let current: Retention | undefined;
const retention = (limits: RetentionLimits, holder = 'one'): Retention =>
  (current = createRetention({
    store,
    limits,
    now: () => clock.now,
    elapsed: () => clock.elapsed,
    holder,
    audit: (forgotten) => ({ documents: [{ kind: 'note', key: String(audited.length), json: '{}' }], kept: () => audited.push(forgotten) }),
    log: { info: () => undefined, warn: () => undefined },
  }));
/** Time goes on for everybody. */
const wait = (ms: number) => {
  clock.now += ms;
  clock.elapsed += ms;
  intake.clock.now = clock.now;
};
/** Days of rounds, and a little. */
const pass = async (rounds: Retention, days: number) => {
  for (let day = 0; day < days; day += 1) {
    wait(DAY);
    await rounds.round();
  }
  wait(1);
  await rounds.round();
};
const text = (id: string, more: Parameters<typeof message>[0] = {}) => message({ id, ...more });
const stateOf = async (id: string) => {
  const [row] = (await store.journal.search({ count: 1, controlId: id })).rows;
  return row === undefined ? 'gone' : (await store.journal.raw(row.id)) === undefined ? 'emptied' : 'whole';
};

describe('by age', () => {
  test('the content goes first and the row later; what has not ended or failed stays', async () => {
    const rounds = retention({ contentMs: 10 * DAY, rowMs: 30 * DAY });
    await intake.send(text('OLD'));
    await intake.send(text('BAD', { pid: '1||||Nobody' }));
    await intake.send(text('NOT', { type: 'ZZZ^Z01' }));
    await rounds.round();
    await pass(rounds, 11);
    await intake.send(text('NEW'));
    await rounds.round();
    expect(await Promise.all(['OLD', 'BAD', 'NOT', 'NEW'].map(stateOf))).toEqual(['emptied', 'whole', 'gone', 'whole']);
    await pass(rounds, 20);
    expect(await Promise.all(['OLD', 'BAD', 'NEW'].map(stateOf))).toEqual(['gone', 'whole', 'emptied']);
    expect(rounds.counters).toMatchObject({ content: 2, rows: 2 });
    expect(audited.reduce((sum, { count }) => sum + count, 0)).toBe(4);
    expect(await store.listDocuments('note', '', 10)).toHaveLength(audited.length);
  });

  test('a repeat of a message whose content is forgotten gets its stored answer and has no effect', async () => {
    const rounds = retention({ contentMs: DAY });
    const first = await intake.send(text('TWICE'));
    await rounds.round();
    await pass(rounds, 2);
    expect(await stateOf('TWICE')).toBe('emptied');
    expect((await intake.send(text('TWICE'))).application?.text).toBe(first.application?.text);
    expect((await intake.all('Patient')).map(({ meta }) => meta.versionId)).toEqual(['1']);
  });

  test('a repeat of a message whose row is forgotten is refused, not applied as new, until an operator says so', async () => {
    const rounds = retention({ rowMs: 30 * DAY });
    const sent = { time: '20260105120000+0000' };
    await intake.send(text('GONE', sent));
    await rounds.round();
    await pass(rounds, 31);
    expect(await stateOf('GONE')).toBe('gone');
    const again = await intake.send(text('GONE', sent));
    expect(again.application?.code).toBe('AR');
    const [row] = (await store.journal.search({ count: 1, controlId: 'GONE' })).rows;
    expect([row?.status, row?.issues?.includes('message-beyond-memory')]).toEqual(['rejected', true]);
    expect((await intake.all('Patient')).map(({ meta }) => meta.versionId)).toEqual(['1']);
    expect(await intake.intake.reprocess(row?.id ?? '')).toMatchObject({ ok: true, value: { code: 'AA' } });
    expect(await intake.code(text('FRESH', { time: '20260205120000+0000' }))).toBe('AA');
  });

  test('what is forgotten can be neither reprocessed nor tried out', async () => {
    const rounds = retention({ contentMs: DAY });
    await intake.send(text('TWICE'));
    await rounds.round();
    await pass(rounds, 2);
    const [row] = (await store.journal.search({ count: 1 })).rows;
    for (const tried of [await intake.intake.reprocess(row?.id ?? ''), await intake.intake.preview(row?.id ?? '')])
      expect(tried).toMatchObject({ ok: false, issues: [{ id: 'message-emptied' }] });
    expect((await store.journal.get(row?.id ?? ''))?.status).toBe('processed');
  });

  test('a clock that leaps years ahead takes no more than a day of messages with it at a time', async () => {
    const rounds = retention({ contentMs: 10 * DAY });
    await intake.send(text('KEPT'));
    await rounds.round();
    clock.now += 3650 * DAY;
    await rounds.round();
    clock.elapsed += 60_000;
    await rounds.round();
    const ahead = await stateOf('KEPT');
    clock.now -= 3650 * DAY;
    await rounds.round();
    const back = await stateOf('KEPT');
    const forgotten = [ahead, back].filter((state) => state !== 'whole').length;
    publish('T-24 a clock that leaps, and retention', {
      'days ahead and back': 3650,
      'times a message was forgotten before its time': forgotten,
    });
    expect([ahead, back]).toEqual(['whole', 'whole']);
  });

  test('of two gateways over one database one forgets', async () => {
    await intake.send(text('ONE'));
    const [first, second] = [retention({ contentMs: 0 }, 'first'), retention({ contentMs: 0 }, 'second')];
    wait(1);
    await first.round();
    await second.round();
    expect([first.counters.content, second.counters.content]).toEqual([1, 0]);
    wait(200_000);
    await intake.send(text('TWO'));
    wait(1);
    await second.round();
    expect(second.counters.content).toBe(1);
  });
});

describe('by size', () => {
  test('the oldest go until what is left is small enough', async () => {
    const long = (id: string) => `${text(id)}NTE|1||${'x'.repeat(10_000)}\r`;
    for (const id of ['A', 'B', 'C', 'D']) await intake.send(long(id));
    const rounds = retention({ mostBytes: 25_000 });
    await rounds.round();
    expect(await Promise.all(['A', 'B', 'C', 'D'].map(stateOf))).toEqual(['emptied', 'emptied', 'whole', 'whole']);
    await intake.send(long('E'));
    await rounds.round();
    expect(await Promise.all(['C', 'D', 'E'].map(stateOf))).toEqual(['emptied', 'whole', 'whole']);
  });

  test('what failed stays, however much it is', async () => {
    await intake.send(`${text('BAD', { pid: '1||||Nobody' })}NTE|1||${'x'.repeat(10_000)}\r`);
    await retention({ mostBytes: 1 }).round();
    expect(await stateOf('BAD')).toBe('whole');
  });
});

test('without limits nothing is forgotten and nothing is written', async () => {
  await intake.send(text('ONE'));
  await retention({}).round();
  expect([await stateOf('ONE'), await store.documentKinds()]).toEqual(['whole', expect.not.arrayContaining(['retention'])]);
});

describe('a message is beyond memory', () => {
  const from = Date.UTC(2026, 0, 10);
  test.each([
    ['20260101', true],
    ['20260111', true],
    ['20260111235959', true],
    ['20260112', false],
    ['202601', true],
    ['202602', false],
    ['2026', true],
    ['2027', false],
    ['', false],
    ['soon', false],
  ])('when it was written %j: %s', (sentAt, isBeyond) => {
    expect(beyondMemory(sentAt, from)?.id).toBe(isBeyond ? 'message-beyond-memory' : undefined);
    expect(beyondMemory(sentAt, undefined)).toBeUndefined();
  });
});
