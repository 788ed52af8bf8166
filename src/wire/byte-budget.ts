/** Something that holds bytes of messages not answered yet, and can stop taking in more. */
export interface ByteHolder {
  pauseReading(): void;
  resumeReading(): void;
}

/** How many bytes of unanswered messages all connections together may hold. */
export interface ByteBudget {
  /** Says how much a holder holds now. */
  hold(holder: ByteHolder, bytes: number): void;
  /** Units: bytes */
  readonly held: number;
}

/**
 * A budget over which reading pauses, for all but the one that has held bytes longest: it goes on, so that something always ends.
 */
export function createByteBudget(limitBytes: number): ByteBudget {
  const holders = new Map<ByteHolder, number>();
  let held = 0;
  let paused = new Set<ByteHolder>();

  return {
    hold(holder, bytes) {
      held += bytes - (holders.get(holder) ?? 0);
      if (bytes === 0) holders.delete(holder);
      else holders.set(holder, bytes);
      if (held <= limitBytes && paused.size === 0) return;
      const [, ...others] = holders.keys();
      const before = paused;
      paused = new Set(held > limitBytes ? others : []);
      for (const one of paused) if (!before.has(one)) one.pauseReading();
      for (const one of before) if (!paused.has(one)) one.resumeReading();
    },
    get held() {
      return held;
    },
  };
}
