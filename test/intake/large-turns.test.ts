import { createHash, randomBytes } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import type { Answer, Channel, Reception } from '../../src/intake/intake.ts';
import { createLargeTurns, digestInTurns } from '../../src/intake/large-turns.ts';

const LARGE = 2_000_000;
const AA: Answer = { bytes: Uint8Array.of(1), code: 'AA', resend: false, close: false };

/** An intake that says what was begun, and answers when it is told to. */
function slowIntake() {
  const begun: number[] = [];
  const answers = new Map<number, () => void>();
  const { oneAtATime, giveWay } = createLargeTurns();
  const receive = oneAtATime((raw) => {
    const number = raw[0] ?? 0;
    begun.push(number);
    if (number === 99) return Promise.reject(new RangeError('a fault'));
    return Promise.resolve({ application: new Promise<Answer>((resolve) => answers.set(number, () => resolve(AA))) });
  });
  const send = (number: number, length: number, channel: Channel): Promise<Reception> =>
    receive(
      Uint8Array.from({ length }, () => number),
      channel,
    );
  return { begun, giveWay, send, answer: (number: number) => answers.get(number)?.() };
}

const channel = (name: string): Channel => ({ name, synchronous: false });
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

test('a large message is taken when the one before it is answered, and small ones of others meanwhile', async () => {
  const { answer, begun, send } = slowIntake();
  void send(1, LARGE, channel('a'));
  void send(2, LARGE, channel('b'));
  void send(3, 100, channel('c'));
  answer(3);
  await settled();
  expect(begun).toEqual([3, 1]);
  answer(1);
  await settled();
  expect(begun).toEqual([3, 1, 2]);
});

test('what comes behind a large message on its channel is taken after it, and need not wait for its answer', async () => {
  const { answer, begun, send } = slowIntake();
  const [one, other] = [channel('a'), channel('b')];
  void send(1, LARGE, one);
  void send(2, LARGE, other);
  void send(3, 100, other);
  void send(4, 100, other);
  await settled();
  expect(begun).toEqual([1]);
  answer(1);
  await settled();
  expect(begun).toEqual([1, 2, 3, 4]);
  void send(5, 100, other);
  expect(begun.at(-1)).toBe(5);
});

test('one that fails holds nobody up', async () => {
  const { begun, send } = slowIntake();
  const failed = send(99, LARGE, channel('a'));
  void send(2, LARGE, channel('b'));
  await expect(failed).rejects.toThrow(RangeError);
  await settled();
  expect(begun).toEqual([99, 2]);
});

afterEach(() => void vi.useRealTimers());

test('a step over a large message waits until every other message that is under way has ended', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  const { answer, giveWay, send } = slowIntake();
  void send(1, 100, channel('a'));
  void send(2, 100, channel('b'));
  const order: string[] = [];
  const step = giveWay().then(() => order.push('step'));
  for (const number of [1, 2]) {
    await settled();
    order.push(`answer ${number}`);
    answer(number);
  }
  await step;
  expect(order).toEqual(['answer 1', 'answer 2', 'step']);
});

test('a step goes on after a while all the same: a message under way may wait for the large one itself', async () => {
  const { giveWay, send } = slowIntake();
  void send(1, 100, channel('a'));
  await expect(giveWay()).resolves.toBeUndefined();
});

test('a message that fails is under way no longer', async () => {
  const { giveWay, send } = slowIntake();
  await expect(send(99, 100, channel('a'))).rejects.toThrow(RangeError);
  await expect(giveWay()).resolves.toBeUndefined();
});

test.each([10, 1024 * 1024, 3_000_001])('the digest of %i bytes is the same in pieces', async (length) => {
  const raw = randomBytes(length);
  expect(await digestInTurns(raw)).toBe(createHash('sha256').update(raw).digest('hex'));
});
