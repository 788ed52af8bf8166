import { Dictionary } from './dictionary.ts';
import { type DatabaseFault, faultOf, isLasting } from './database-error.ts';
import { whyNotDurable } from './connection.ts';
import { putFeeds } from './feed-rows.ts';
import { guardHolds } from './guard.ts';
import type { LogOwner } from './log-keeper.ts';
import { PieceWriter } from './pieces.ts';
import { MessageWriter } from './write-messages.ts';
import { writeClaims, writeDocuments } from './write-keys.ts';
import { ResourceWriter } from './write-resources.ts';
import type { Job, Outcome, PreparedChange, Written } from './write-job.ts';
import type { Statements } from './statements.ts';

/**
 * The one writer. Jobs that came together share a transaction and its fsync; each has its own savepoint, so that a conflict in one undoes that
 * one alone. Runs wherever it is put: in a thread of its own for a file, in place for a database in memory.
 */
export class Writer implements LogOwner {
  readonly #statements: Statements;
  readonly #dictionary: Dictionary;
  readonly #resources: ResourceWriter;
  readonly #messages: MessageWriter;
  readonly #pieces: PieceWriter;
  /** Set when what was committed can no longer be trusted to be on the disk: nothing is accepted after it. */
  #ended: DatabaseFault | undefined;
  #dataVersion: number;

  constructor(statements: Statements) {
    this.#statements = statements;
    this.#dataVersion = this.#readVersion();
    this.#dictionary = new Dictionary(statements);
    this.#pieces = new PieceWriter(statements);
    this.#resources = new ResourceWriter(statements, this.#dictionary, this.#pieces);
    this.#messages = new MessageWriter(statements, this.#pieces);
  }

  /**
   * All jobs in one transaction; the outcomes in the same order, given only after the commit is on the disk.
   *
   * A savepoint costs a copy of every page a job changes: only where one of the jobs has to be undone are they all run again with one each.
   */
  run(jobs: readonly Job[]): Outcome[] {
    if (jobs.some((job) => job.kind === 'health' && job.carryLog === true)) this.carryLog('TRUNCATE');
    return this.#transaction(jobs, false) ?? this.#transaction(jobs, true) ?? [];
  }

  /** Undefined, and nothing done, when a job must be undone and the jobs are not `apart` from each other. */
  #transaction(jobs: readonly Job[], apart: boolean): Outcome[] | undefined {
    if (this.#ended !== undefined) return jobs.map(() => ({ kind: 'fault', fault: this.#ended as DatabaseFault }));
    const { database } = this.#statements;
    let seq = this.#resources.seq;
    const undo = (): void => {
      if (database.isTransaction) this.#exec('ROLLBACK');
      this.#dictionary.clear();
      this.#resources.seq = seq;
    };
    try {
      this.#exec('BEGIN IMMEDIATE');
      this.#notice();
      seq = this.#resources.seq;
      const outcomes = jobs.map((job) => (apart ? this.#apply(job) : this.#outcomeOf(job)));
      if (!apart && outcomes.some(isRefused)) {
        undo();
        return undefined;
      }
      this.#exec('COMMIT');
      this.#dictionary.keep();
      return outcomes;
    } catch (error) {
      const fault = faultOf(error);
      const isJobs = !apart && database.isTransaction && LOCAL.has(fault.code & 0xff);
      undo();
      if (isJobs) return undefined;
      // What comes after it is not even tried.
      if (isLasting(fault)) this.#ended = { ...fault, code: fault.code & 0xff };
      return jobs.map(() => ({ kind: 'fault', fault }));
    }
  }

  /** Takes away what was broken off by the end of the process before; what there is no room for in the log stays for the next start. */
  sweep(): void {
    for (const text of this.#pieces.loose()) this.run([{ kind: 'drop', text }]);
  }

  /** As far as it goes: where the file has no room to grow the log stays as it is. */
  carryLog(how: 'PASSIVE' | 'TRUNCATE'): void {
    try {
      this.#statements.get(`PRAGMA wal_checkpoint(${how})`);
    } catch (error) {
      this.notCarried(faultOf(error));
    }
  }

  /** What the log could not be carried for: after a failed flush of the file nothing is accepted any more. */
  notCarried(fault: DatabaseFault): void {
    if (isLasting(fault)) this.#ended = { ...fault, code: fault.code & 0xff };
  }

  /** Another process that wrote has made what is remembered here old. */
  #notice(): void {
    const version = this.#readVersion();
    if (version === this.#dataVersion) return;
    this.#dictionary.clear();
    this.#resources.refresh();
    this.#dataVersion = version;
  }

  #readVersion(): number {
    return Number(this.#statements.get('PRAGMA data_version')?.['data_version']);
  }

  #exec(sql: string): void {
    this.#statements.run(sql);
  }

  /** One job in its savepoint. An error of the database itself goes up and ends the transaction; a bug ends only the job. */
  #apply(job: Job): Outcome {
    const seq = this.#resources.seq;
    const undo = (): void => {
      this.#exec('ROLLBACK TO job');
      this.#exec('RELEASE job');
      this.#dictionary.forget();
      this.#resources.seq = seq;
    };
    this.#exec('SAVEPOINT job');
    try {
      const outcome = this.#outcomeOf(job);
      if (isRefused(outcome)) undo();
      else {
        this.#exec('RELEASE job');
        this.#dictionary.keep();
      }
      return outcome;
    } catch (error) {
      const fault = faultOf(error);
      if (!this.#statements.database.isTransaction || !LOCAL.has(fault.code & 0xff)) throw error;
      undo();
      return { kind: 'fault', fault };
    }
  }

  #outcomeOf(job: Job): Outcome {
    if (job.kind === 'receive') return { kind: 'receive', received: this.#messages.receive(job.arrival, job.long) };
    if (job.kind === 'repeat') return { kind: 'repeat', received: this.#messages.repeat(job.arrival) };
    if (job.kind === 'piece') return { kind: 'piece', text: this.#pieces.add(job.text, job.number, job.bytes) };
    if (job.kind === 'change') return { kind: 'change', written: this.#write(job.change) };
    if (job.kind === 'drop') {
      this.#pieces.dropLoose(job.text);
      return { kind: 'drop' };
    }
    if (job.kind === 'reindex') return { kind: 'reindex', count: this.#resources.reindex(job.found) };
    this.#statements.run('INSERT OR REPLACE INTO health (one, checked) VALUES (1, coalesce((SELECT checked FROM health), 0) + 1)');
    return { kind: 'health', reason: whyNotDurable(this.#statements.database) };
  }

  #write(change: PreparedChange): Written {
    const { guards, claims = [], documents = [], messages = [], feeds = [], erase = [], writes, now } = change;
    for (const guard of guards) if (!guardHolds(this.#statements, guard)) return { ok: false, conflict: 'guard', subject: guard.key };
    const message = this.#messages.update(messages);
    if (message !== undefined) return { ok: false, conflict: 'message', subject: message };
    const claim = writeClaims(this.#statements, claims);
    if (claim !== undefined) return { ok: false, conflict: 'claim', subject: claim };
    const document = writeDocuments(this.#statements, documents);
    if (document !== undefined) return { ok: false, conflict: 'document', subject: document };
    putFeeds(this.#statements, feeds);
    this.#resources.erase(erase);
    const versions = this.#resources.write(writes, now);
    if (typeof versions === 'string') return { ok: false, conflict: 'version', subject: versions };
    return { ok: true, seq: this.#resources.seq, versions };
  }
}

function isRefused(outcome: Outcome): boolean {
  return outcome.kind === 'change' && !outcome.written.ok;
}

/** Faults that leave the transaction whole: our own errors, SQLITE_ERROR, TOOBIG, CONSTRAINT, MISMATCH, RANGE. */
const LOCAL = new Set([0, 1, 18, 19, 20, 25]);
