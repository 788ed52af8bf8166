import type { Issue } from '../issue/issue.ts';
import type { ExportRequest } from './export-request.ts';

/** The kind of document a job is kept as, by its id. */
export const JOB_KIND = 'export-job';

/** A job as it is kept: all that is needed to go on with it after a restart, and to answer for it when it is done. */
export type Job = ExportJob | RequestJob;

/** What every job has. */
interface AnyJob {
  readonly id: string;
  /** Who asked: nobody else sees the job or its files. Empty where nobody logs in. */
  readonly owner: string;
  /** The manifest's transactionTime: when the last commit was that is in an export, when a request was answered. UTC ms. */
  readonly time: number;
  readonly state: 'unfinished' | 'done' | 'failed';
  /** Whose work it is, and until when unless renewed. UTC ms. */
  readonly lease?: { readonly runner: string; readonly until: number };
  /** How often it was begun since it last got further. */
  readonly attempts?: number;
  /** Whole files alone. */
  readonly files: readonly JobFile[];
  /** When it ended. UTC ms. */
  readonly ended?: number;
  /** Why it failed. */
  readonly issues?: readonly Issue[];
}

/** A bulk export, and how far it is: it is kept after each whole file, and goes on from there after a restart. */
export interface ExportJob extends AnyJob {
  readonly kind: 'export';
  readonly request: ExportRequest;
  /** The last commit that is in it. */
  readonly seq: number;
  /** Types that are finished. */
  readonly typesDone: number;
  /** Within the next type: the seq up to which whole files are written. */
  readonly after: number;
}

/** A request whose answer is fetched later. What was asked is kept beside it: see kept-request.ts */
export interface RequestJob extends AnyJob {
  readonly kind: 'request';
  readonly request: { readonly url: string };
}

/** A whole file of a job, as the manifest names it. */
export interface JobFile {
  /** Its name on the disk and the last part of its address. Shape: Patient-1-2f0c.ndjson */
  readonly name: string;
  readonly kind: 'output' | 'deleted' | 'error';
  /** The type of its resources: Bundle for deletions, OperationOutcome for errors. */
  readonly type: string;
  readonly count: number;
  readonly bytes: number;
}

/** How many resources are in the files. */
export function exportedCount({ files }: ExportJob): number {
  return files.reduce((sum, { count, kind }) => (kind === 'output' ? sum + count : sum), 0);
}
