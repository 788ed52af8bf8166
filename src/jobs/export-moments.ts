import type { DocumentWrite, Store } from '../store/store.ts';

/** The kind of document that says which commit a transactionTime was, by that time. */
export const MOMENT_KIND = 'export-moment';

/** What a job leaves for the next: its transactionTime, and the commit it stands for. */
export function momentOf(time: number, seq: number): DocumentWrite {
  return { kind: MOMENT_KIND, key: new Date(time).toISOString(), json: String(seq) };
}

/**
 * The commit a time stands for, where that time was an export's transactionTime: who asks for what came since is then given exactly that,
 * also where the clocks of two gateways differ or a clock was set back.
 */
export async function momentSeq(store: Store, time: number): Promise<number | undefined> {
  const [found] = await store.documents([{ kind: MOMENT_KIND, key: new Date(time).toISOString() }]);
  return found === undefined ? undefined : Number(found);
}
