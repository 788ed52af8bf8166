/**
 * Turns of the event loop, one task to each, in the order they asked. Resolves when a task's turn has come.
 *
 * Tasks that become ready together would share the thread step by step: all of them reach the store at the same late time, which waited for the
 * first and then keeps all of them waiting.
 */
export function createTurns(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  function begin(): void {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(begin);
  }
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(begin);
    });
}
