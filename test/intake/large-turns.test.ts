import { expect, test } from 'vitest';
import type { Answer, Channel, Reception } from '../../src/intake/intake.ts';
import { oneLargeAtATime } from '../../src/intake/large-turns.ts';

const LARGE = 2_000_000;
const AA: Answer = { bytes: Uint8Array.of(1), code: 'AA', resend: false, close: false };

/** An intake that says what was begun, and answers when it is told to. */
function slowIntake() {
  const begun: number[] = [];
  const answers = new Map<number, () => void>();
  const receive = oneLargeAtATime((raw) => {
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
  return { begun, send, answer: (number: number) => answers.get(number)?.() };
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
