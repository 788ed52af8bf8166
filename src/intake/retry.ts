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
  const wakers = new Set<() => void>();
  let stopped = false;
  const run = async <T>(task: () => Promise<T>): Promise<T> => {
    for (let wait = settings.firstMs; ; wait = Math.min(wait * 2, settings.mostMs)) {
      try {
        return await task();
      } catch (error) {
        if (stopped || !(error instanceof IssueError) || !error.issues.every((item) => entryOf(item).retry && item.id !== 'internal'))
          throw error;
        await sleep(wait * (0.5 + settings.random() / 2));
        if (stopped) throw error;
      }
    }
  };
  const sleep = (ms: number) =>
    new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        wakers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      wakers.add(wake);
    });
  return Object.assign(run, {
    stop() {
      stopped = true;
      for (const wake of wakers) wake();
    },
  });
}
