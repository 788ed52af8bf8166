/**
 * Runs tasks in the order they were given wherever two of them share a key, and side by side wherever they share none.
 * A task that needs several keys (a merge of two patients) waits for all of them, so no two tasks can wait for each other.
 */
export interface Lanes {
  run<T>(keys: readonly string[], task: () => Promise<T>): Promise<T>;
  /** Tasks that wait or run. */
  readonly depth: number;
  /** Resolves when every task given so far has ended. */
  idle(): Promise<void>;
}

/** Lanes with nothing in them. */
export function createLanes(): Lanes {
  const tails = new Map<string, Promise<unknown>>();
  let depth = 0;
  return {
    run<T>(keys: readonly string[], task: () => Promise<T>): Promise<T> {
      depth += 1;
      const before = [...new Set(keys)].map((key) => tails.get(key)).filter((tail) => tail !== undefined);
      const result = Promise.all(before).then(task);
      // What a task comes to is its caller's business; the lane only waits for its end.
      const tail = result.then(
        () => undefined,
        () => undefined,
      );
      for (const key of keys) tails.set(key, tail);
      void tail.then(() => {
        depth -= 1;
        for (const key of keys) if (tails.get(key) === tail) tails.delete(key);
      });
      return result;
    },
    get depth() {
      return depth;
    },
    async idle() {
      while (tails.size > 0) await Promise.all(tails.values());
    },
  };
}
