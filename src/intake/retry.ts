import { entryOf } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';

/** How often and how soon something that may pass is tried again. */
export interface RetrySettings {
  readonly firstMs: number;
  readonly mostMs: number;
  /** A number in [0, 1): waits are spread so that many messages do not come back at once. */
  readonly random: () => number;
}

/** Runs a task until it succeeds or fails for good. */
export interface Retry {
  <T>(task: () => Promise<T>): Promise<T>;
  /** What makes tasks wait seems to be over: no wait is longer than the first from now on. */
  hasten(): void;
  /** Ends every wait: what was waiting fails with what made it wait. */
  stop(): void;
}

/**
 * Tries again, each time after twice the wait, whatever fails for a reason that passes by itself.
 *
 * Units: ms
 * Fails: with the task's own error when it is for good, or when the retry is stopped
 */
export function createRetry(settings: RetrySettings): Retry {
  const { firstMs, mostMs, random } = settings;
  const waiting = new Set<Wait>();
  let stopped = false;
  let hastened = 0;
  const run = async <T>(task: () => Promise<T>): Promise<T> => {
    let wait = firstMs;
    let known = hastened;
    for (;;) {
      try {
        return await task();
      } catch (error) {
        if (stopped || !(error instanceof IssueError) || !error.issues.every((item) => entryOf(item).retry && item.id !== 'internal'))
          throw error;
        if (known !== hastened) wait = firstMs;
        known = hastened;
        await sleep(wait * (0.5 + random() / 2));
        wait = Math.min(wait * 2, mostMs);
        if (stopped) throw error;
      }
    }
  };
  const sleep = (ms: number) =>
    new Promise<void>((resolve) => {
      const entry: Wait = { until: performance.now() + ms, within };
      let timer = setTimeout(end, ms);
      function end(): void {
        waiting.delete(entry);
        resolve();
      }
      function within(most: number): void {
        if (entry.until - performance.now() <= most) return;
        clearTimeout(timer);
        timer = setTimeout(end, most);
        entry.until = performance.now() + most;
      }
      waiting.add(entry);
    });
  return Object.assign(run, {
    hasten() {
      if (waiting.size === 0) return;
      hastened += 1;
      for (const entry of waiting) entry.within(firstMs * (0.5 + random() / 2));
    },
    stop() {
      stopped = true;
      for (const entry of waiting) entry.within(0);
    },
  });
}

interface Wait {
  until: number;
  /** Makes the wait end in so many ms at the latest. */
  within(most: number): void;
}
