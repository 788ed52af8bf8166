import { createHash } from 'node:crypto';
import type { Kept } from './kept.ts';

/** Assertions that were used; each gets a token once, whichever process it is shown to. */
export interface AssertionMemory {
  /** Whether it is used for the first time. `expires`: s since 1970 */
  use(client: string, jti: string, expires: number): Promise<boolean>;
  /** Forgets those that have expired and would be refused anyway. `now`: s since 1970 */
  tidy(now: number): Promise<void>;
}

const AT_ONCE = 500;

/** The memory over what is kept. */
export function assertionMemory(kept: Kept): AssertionMemory {
  return {
    use: (client, jti, expires) =>
      kept.add(
        `jti-${createHash('sha256')
          .update(JSON.stringify([client, jti]))
          .digest('hex')}`,
        JSON.stringify({ expires }),
      ),
    async tidy(now) {
      for (let after = 'jti-'; ; ) {
        const some = await kept.list(after, AT_ONCE);
        const ours = some.filter(({ key }) => key.startsWith('jti-'));
        // leeway for clocks that differ between processes
        const old = ours.filter(({ json }) => (JSON.parse(json) as { expires: number }).expires < now - 300);
        if (old.length > 0) await kept.remove(old.map(({ key }) => key));
        if (some.length < AT_ONCE || ours.length < some.length) return;
        after = (some.at(-1) as { key: string }).key;
      }
    },
  };
}
