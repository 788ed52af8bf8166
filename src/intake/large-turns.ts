import type { Channel, Intake } from './intake.ts';

/** A message longer than this is taken by itself, and gives way to others between its steps. Units: bytes */
export const LARGE_BYTES = 1024 * 1024;

/**
 * Takes large messages one after the other, each when the one before it is answered: meanwhile it takes ten times its bytes, and while it waits
 * only they are held. All others pass by, but for those behind a large one on its own channel: a channel's messages are kept in their order.
 */
export function oneLargeAtATime(receive: Intake['receive']): Intake['receive'] {
  let answered: Promise<unknown> = Promise.resolve();
  const waiting = new Map<Channel, Promise<unknown>>();
  return (raw, channel) => {
    const before = waiting.get(channel);
    const isLarge = raw.length > LARGE_BYTES;
    if (!isLarge && before === undefined) return receive(raw, channel);
    const reception = Promise.all([before, isLarge ? answered : undefined])
      .then(giveWay)
      .then(() => receive(raw, channel));
    if (isLarge) answered = reception.then(({ application }) => application).catch(() => undefined);
    const kept: Promise<unknown> = reception
      .catch(() => undefined)
      .then(() => {
        if (waiting.get(channel) === kept) waiting.delete(channel);
      });
    waiting.set(channel, kept);
    return reception;
  };
}

/** Lets all that waits for the thread have it. */
export function giveWay(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
