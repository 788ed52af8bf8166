import type { AuditRecord } from './audit-record.ts';

/** Somebody who was not let in, or not to what was asked for. */
export type Refusal = Omit<AuditRecord, 'id' | 'time' | 'outcome' | 'patients'>;

/** What keeps refusals in the trail, and no more of them than whoever is refused should be able to make. */
export interface Door {
  /** Resolves when it is in the trail, or counted. `keep` writes the record; left out, one is made of the refusal. */
  refused(refusal: Refusal, keep?: () => Promise<void>): Promise<void>;
  /** Writes down how many were only counted, when there are some. */
  sum(): Promise<void>;
  /** Since the start, by what was asked for. */
  readonly counts: ReadonlyMap<string, number>;
}

const WINDOW_MS = 600_000;
/** Of one address or client in a window. */
const MOST_OF_ONE = 60;
const MOST_OF_ALL = 300;
const MOST_NAMES = 10_000;

/** A door; `record` puts a refusal into the trail. `now`: UTC ms. */
export function createDoor(record: (refusal: Refusal) => Promise<void>, now: () => number): Door {
  const counts = new Map<string, number>();
  let since = now();
  let written = new Map<string, number>();
  let all = 0;
  let onlyCounted = new Map<string, number>();

  async function sum(): Promise<void> {
    if (onlyCounted.size === 0) return;
    const words = [...onlyCounted].map(([what, count]) => `${what} ${count}`).join(', ');
    onlyCounted = new Map();
    await record({ what: 'refusals', method: '', client: '', peer: '', query: `refused and not written one by one: ${words}` });
  }

  return {
    counts,
    sum,
    async refused(refusal, keep) {
      const { what, client, peer } = refusal;
      counts.set(what, (counts.get(what) ?? 0) + 1);
      if (Math.abs(now() - since) >= WINDOW_MS) {
        since = now();
        written = new Map();
        all = 0;
        await sum();
      }
      const name = client === '' ? peer.replace(/:\d+$/, '') : client;
      const ofOne = written.get(name) ?? 0;
      if (ofOne >= MOST_OF_ONE || all >= MOST_OF_ALL || written.size >= MOST_NAMES) {
        onlyCounted.set(what, (onlyCounted.get(what) ?? 0) + 1);
        return;
      }
      written.set(name, ofOne + 1);
      all += 1;
      await (keep?.() ?? record(refusal));
    },
  };
}
