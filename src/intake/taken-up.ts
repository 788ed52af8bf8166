import type { Issue } from '../issue/issue.ts';
import type { MessageRow } from '../store/journal.ts';
import type { Store } from '../store/store.ts';

/**
 * Messages that were left unfinished and are taken up. One of them may be what took the process down, and must not do so for ever: each is
 * written down as begun before it is worked on. Few are begun at one time, and those that were begun before one after another, so that a
 * message is not blamed for what another does beside it.
 */
export interface TakenUp {
  add(row: MessageRow): void;
  /** The lanes it waits in beside its own; none when it was not taken up. */
  lanesOf(id: string): readonly string[];
  /** The row to work on, when it is written down that it is begun, where it was taken up; undefined: somebody else has worked on it meanwhile. */
  begin(row: MessageRow): Promise<MessageRow | undefined>;
  /** The process has outlived it: it is no longer among them. Where it came to no end its start is taken back, if the store takes that. */
  outlived(id: string, isAtEnd: boolean): Promise<void>;
}

/** So many starts that the process did not outlive are enough. */
export const MOST_STARTS = 5;

/** Begun at one time. */
const TOGETHER = 64;

/** None yet. */
export function createTakenUp(store: Pick<Store, 'commit'>): TakenUp {
  const taken = new Map<string, { readonly lanes: readonly string[]; readonly starts: number; isBegun: boolean }>();
  let turn = 0;

  async function step(id: string, { status }: Pick<MessageRow, 'status'>, attempts: number): Promise<boolean> {
    return (await store.commit({ messages: [{ id, from: [status], status: 'queued', attempts }] })).ok;
  }

  return {
    add({ id, attempts: starts }) {
      turn = (turn + 1) % TOGETHER;
      taken.set(id, { lanes: [`taken up ${turn}`, ...(starts > 0 ? ['begun before'] : [])], starts, isBegun: false });
    },
    lanesOf: (id) => taken.get(id)?.lanes ?? [],
    async begin(row) {
      const entry = taken.get(row.id);
      if (entry === undefined) return row;
      // this start is counted again with its end
      const { isBegun, starts: attempts } = entry;
      if (isBegun) return { ...row, attempts };
      entry.isBegun = await step(row.id, row, attempts + 1);
      return entry.isBegun ? { ...row, attempts, status: 'queued' } : undefined;
    },
    async outlived(id, isAtEnd) {
      const entry = taken.get(id);
      taken.delete(id);
      if (entry?.isBegun === true && !isAtEnd) await step(id, { status: 'queued' }, entry.starts).catch(() => undefined);
    },
  };
}

/** Whether a message was given up after so many starts: only an operator has it tried again. */
export function isAbandoned({ status, issues = '[]' }: MessageRow): boolean {
  return status === 'error' && (JSON.parse(issues) as Issue[]).some(({ id }) => id === 'message-abandoned');
}
