import { createHash, hash } from 'node:crypto';
import type { Channel, Intake } from './intake.ts';

/** A message longer than this is taken by itself, and gives way to others between its steps. Units: bytes */
export const LARGE_BYTES = 1024 * 1024;

/** How long a step over a large message is put off for the others: they may wait for that message themselves. Units: ms */
const MOST_PATIENCE_MS = 50;

/** What keeps large messages from holding the others up. */
export interface LargeTurns {
  /**
   * Takes large messages one after the other, each when the one before it is answered: meanwhile it takes ten times its bytes, and while it waits
   * only they are held. All others pass by, but for those behind a large one on its own channel: a channel's messages are kept in their order.
   */
  readonly oneAtATime: (receive: Intake['receive']) => Intake['receive'];
  /**
   * To be awaited between the steps over a large message, each of which takes many milliseconds of the thread: resolves when no other message is
   * under way, so that none has to wait for more than one of them.
   */
  readonly giveWay: () => Promise<void>;
}

/** The SHA-256 of a message in hex; others have the thread between the pieces of a large one. */
export async function digestInTurns(raw: Uint8Array): Promise<string> {
  if (raw.length <= LARGE_BYTES) return hash('sha256', raw);
  const digest = createHash('sha256');
  for (let from = 0; from < raw.length; from += LARGE_BYTES) {
    digest.update(raw.subarray(from, from + LARGE_BYTES));
    await nextTurn();
  }
  return digest.digest('hex');
}

/** No message is under way yet. */
export function createLargeTurns(): LargeTurns {
  let answered: Promise<unknown> = Promise.resolve();
  const behindLarge = new Map<Channel, Promise<unknown>>();
  let othersUnderWay = 0;
  let waiting: (() => void)[] = [];

  function otherHasEnded(): void {
    othersUnderWay -= 1;
    if (othersUnderWay > 0) return;
    for (const goOn of waiting) goOn();
    waiting = [];
  }

  async function giveWay(): Promise<void> {
    await nextTurn();
    if (othersUnderWay === 0) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, MOST_PATIENCE_MS);
      waiting.push(() => {
        clearTimeout(late);
        resolve();
      });
    });
  }

  return {
    giveWay,
    oneAtATime: (receive) => (raw, channel) => {
      const before = behindLarge.get(channel);
      const isLarge = raw.length > LARGE_BYTES;
      if (!isLarge && before === undefined) {
        othersUnderWay += 1;
        const reception = receive(raw, channel);
        void reception.then(({ application }) => application).then(otherHasEnded, otherHasEnded);
        return reception;
      }
      const reception = Promise.all([before, isLarge ? answered : undefined])
        .then(giveWay)
        .then(() => receive(raw, channel));
      if (isLarge) answered = reception.then(({ application }) => application).catch(() => undefined);
      const kept: Promise<unknown> = reception
        .catch(() => undefined)
        .then(() => {
          if (behindLarge.get(channel) === kept) behindLarge.delete(channel);
        });
      behindLarge.set(channel, kept);
      return reception;
    },
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
