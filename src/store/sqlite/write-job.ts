import type { Arrival, Received } from '../journal.ts';
import type { Change, Commit, Guard, StoredVersion, Write } from '../store.ts';
import type { Compartments } from './compartments.ts';
import type { DatabaseFault } from './database-error.ts';
import type { IndexRows } from './index-rows.ts';
import type { LongText } from './pieces.ts';

/** A write with its text and index rows made. Without a text it deletes. */
export interface PreparedWrite extends Omit<Write, 'resource'> {
  /** The text without its beginning, of which only the writer knows all; where it is long, what stands for its pieces. */
  readonly tail?: string | LongText;
  readonly rows?: IndexRows;
}

/** A guard with the compartments its filter speaks of. */
export interface PreparedGuard extends Guard {
  readonly compartments: Compartments;
}

/** A change as the writer gets it. */
export interface PreparedChange extends Omit<Change, 'writes' | 'guards'> {
  readonly writes: readonly PreparedWrite[];
  readonly guards: readonly PreparedGuard[];
  /** UTC ms. */
  readonly now: number;
}

/** What a version can be found by, taken out anew. */
export interface FoundAnew {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly rows: IndexRows;
}

/** What the writer is asked to do. Everything is data: it crosses to another thread. */
export type Job =
  | { readonly kind: 'change'; readonly change: PreparedChange }
  /** `long`: its bytes, where they are in pieces. */
  | { readonly kind: 'receive'; readonly arrival: Arrival; readonly long?: LongText | undefined }
  /** Counts a message that is known; of one that is not nothing is kept. */
  | { readonly kind: 'repeat'; readonly arrival: Arrival }
  /** A piece of a long text; without a text the first. */
  | { readonly kind: 'piece'; readonly text: number | undefined; readonly number: number; readonly bytes: Uint8Array<ArrayBuffer> }
  /** A long text that nothing refers to goes. */
  | { readonly kind: 'drop'; readonly text: number }
  | { readonly kind: 'reindex'; readonly found: readonly FoundAnew[] }
  /** Whether a commit becomes durable; `carryLog`: the log is carried into the file first. */
  | { readonly kind: 'health'; readonly carryLog?: true };

/** What the writer says of a version it made; the text is put together again where it is wanted. */
export type WrittenVersion = Omit<StoredVersion, 'json' | 'type' | 'id'>;

/** A commit without the texts. */
export type Written =
  | { readonly ok: true; readonly seq: number; readonly versions: readonly WrittenVersion[] }
  | Extract<Commit, { ok: false }>;

/** What became of a job. */
export type Outcome =
  | { readonly kind: 'change'; readonly written: Written }
  | { readonly kind: 'receive'; readonly received: Received }
  | { readonly kind: 'repeat'; readonly received: Received | undefined }
  | { readonly kind: 'piece'; readonly text: number }
  | { readonly kind: 'drop' }
  | { readonly kind: 'reindex'; readonly count: number }
  | { readonly kind: 'health'; readonly reason: string | undefined }
  | { readonly kind: 'fault'; readonly fault: DatabaseFault };

/** Whether a long text ends with a job: its pages fill the cache, and nobody asks for them again. */
export function endsLongText(job: Job): boolean {
  if (job.kind === 'change') return job.change.writes.some(({ tail }) => typeof tail === 'object');
  return job.kind === 'drop' || (job.kind === 'receive' && job.long !== undefined);
}
