/**
 * Turns of the event loop, a few tasks to each, in the order they asked. Resolves when a task's turn has come.
 *
 * Tasks that become ready together share the thread step by step: all of them reach the store at the same late time, which waited for the
 * first and then keeps all of them waiting. One to a turn leaves the store no commits to join, and each step its code to fetch anew.
 */
export function createTurns(together: number): () => Promise<void> {
  const waiting: (() => void)[] = [];
  function begin(): void {
    for (const go of waiting.splice(0, together)) go();
    if (waiting.length > 0) setImmediate(begin);
  }
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(begin);
    });
}
