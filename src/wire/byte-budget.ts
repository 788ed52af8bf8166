import { createTurns } from '../intake/turns.ts';

/** Something that holds bytes of messages not answered yet, and can stop taking in more. */
export interface ByteHolder {
  pauseReading(): void;
  resumeReading(): void;
  /** Gives up a message that is not whole yet; nothing when there is none. */
  cutOff(): void;
}

/** How many bytes of unanswered messages all that comes in may hold together. */
export interface ByteBudget {
  /** Says how much a holder holds now. Gives back whether there is room for it, for one that does not wait. */
  hold(holder: ByteHolder, bytes: number): boolean;
  /**
   * To be awaited between two pieces of a long message: one to a turn of the event loop, whoever's it is. Whoever sends without end would be read
   * from without end, two megabytes a connection before anybody else's turn comes.
   */
  readonly nextPiece: () => Promise<void>;
  /** Units: bytes */
  readonly held: number;
}

/** How long the one that goes on may take while the others wait for it. Units: ms */
const PATIENCE_MS = 5_000;

/** Who holds less never waits: a sender of messages of the usual size is not what fills the memory. Units: bytes */
const SMALL_BYTES = 64 * 1024;
const SMALL_SHARE = 1_024;

/**
 * A budget over which reading pauses, for all large holders but the largest: it ends soonest, so that something always ends. One that does
 * not end in time is cut off, or a sender of one byte a second could keep everybody waiting.
 */
export function createByteBudget(limitBytes: number, patienceMs = PATIENCE_MS): ByteBudget {
  const small = Math.min(SMALL_BYTES, limitBytes / SMALL_SHARE);
  const holders = new Map<ByteHolder, number>();
  let held = 0;
  let paused = new Set<ByteHolder>();
  let first: ByteHolder | undefined;
  let patience: NodeJS.Timeout | undefined;

  function waitFor(holder: ByteHolder | undefined): void {
    if (holder === first) return;
    first = holder;
    clearInterval(patience);
    if (holder !== undefined) patience = setInterval(() => holder.cutOff(), patienceMs).unref();
  }

  return {
    nextPiece: createTurns(),
    hold(holder, bytes) {
      held += bytes - (holders.get(holder) ?? 0);
      if (bytes === 0) holders.delete(holder);
      else holders.set(holder, bytes);
      // One that is alone has room, however much it holds.
      const hasRoom = held <= limitBytes || bytes <= small || bytes === held;
      if (held <= limitBytes && paused.size === 0) return hasRoom;
      const large = held > limitBytes ? [...holders].filter(([, size]) => size > small) : [];
      const largest = large.reduce<(typeof large)[number] | undefined>(
        (most, one) => (most === undefined || one[1] > most[1] ? one : most),
        undefined,
      );
      const before = paused;
      paused = new Set(large.filter((one) => one !== largest).map(([one]) => one));
      waitFor(paused.size === 0 ? undefined : largest?.[0]);
      for (const one of paused) if (!before.has(one)) one.pauseReading();
      for (const one of before) if (!paused.has(one)) one.resumeReading();
      return hasRoom;
    },
    get held() {
      return held;
    },
  };
}
