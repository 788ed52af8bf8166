import { statSync } from 'node:fs';
import { readWritten } from '../../fhir/written-number.ts';
import { Bug } from '../../issue/issue-error.ts';
import type { Result } from '../../issue/result.ts';
import type { Resource } from '../../fhir/resource.ts';
import type { SearchQuery } from '../../fhir/search-query.ts';
import type { Arrival, Journal, Received } from '../journal.ts';
import type {
  Change,
  Commit,
  DocumentKey,
  HistoryPage,
  HistoryQuery,
  SearchPage,
  Store,
  StoredVersion,
  StoreFile,
  StoreSettings,
  WalkQuery,
  Write,
} from '../store.ts';
import { walkPages } from '../walk.ts';
import { tailOf, withHead, withoutHead } from './body.ts';
import { compartmentsOf } from './compartments.ts';
import { IN_MEMORY } from './connection.ts';
import { errorOf, faultOf } from './database-error.ts';
import { readFeeds } from './feed-rows.ts';
import { historyPage } from './history.ts';
import { indexRowsOf } from './index-rows.ts';
import { keepInPieces, type PieceQueue } from './keep-in-pieces.ts';
import { LONG, type LongText } from './pieces.ts';
import { JournalReader } from './read-journal.ts';
import { typeNamesOf } from './scope.ts';
import { type SearchSettings, searchPage } from './search.ts';
import type { Statements } from './statements.ts';
import { VERSION_COLUMNS, Versions } from './stored.ts';
import { walkPage } from './walk-page.ts';
import type { Job, Outcome, PreparedChange, PreparedWrite, Written } from './write-job.ts';
import type { JobQueue } from './write-thread.ts';
import { afterPrefix, LAST_TEXT } from '../text-range.ts';

/** A write with its text, long or not. */
type TextWrite = PreparedWrite & { readonly tail?: string };

/** The store over one SQLite database: reads here, on a connection that only reads; writes through a queue to the one writer. */
export class SqliteStore implements Store {
  readonly #settings: StoreSettings & SearchSettings;
  readonly #queue: JobQueue;
  readonly #statements: Statements;
  readonly #versions: Versions;
  readonly #pieces: PieceQueue = {
    add: async (text, number, bytes) => (await this.#run('piece', { kind: 'piece', text, number, bytes })).text,
    drop: (text) => this.#run('drop', { kind: 'drop', text }),
  };
  readonly journal: Journal;
  readonly file?: StoreFile;

  constructor(settings: StoreSettings & SearchSettings & { readonly path: string }, statements: Statements, queue: JobQueue) {
    this.#settings = settings;
    this.#queue = queue;
    this.#statements = statements;
    this.#versions = new Versions(statements);
    const reader = new JournalReader(statements);
    this.journal = {
      receive: (arrival) => this.#receive(arrival),
      get: (id) => this.#read(() => reader.get(id)),
      raw: (id) => this.#read(() => reader.raw(id)),
      search: (query) => this.#read(() => reader.search(query)),
      pending: (after, count) => this.#read(() => reader.pending(after, count)),
      list: (after, count) => this.#read(() => reader.list(after, count)),
      counts: () => this.#read(() => reader.counts()),
      feeds: () => this.#read(() => readFeeds(statements)),
      forgettable: (query) => this.#read(() => reader.forgettable(query)),
      weigh: (after, count) => this.#read(() => reader.weigh(after, count)),
    };
    if (settings.path !== IN_MEMORY) this.file = this.#fileAt(settings.path);
  }

  read(type: string, id: string): Promise<StoredVersion | undefined> {
    return this.#read(() => this.#current(type, id));
  }

  readMany(references: readonly { type: string; id: string }[]): Promise<(StoredVersion | undefined)[]> {
    return this.#read(() => references.map(({ type, id }) => this.#current(type, id)));
  }

  readVersion(type: string, id: string, version: number): Promise<StoredVersion | undefined> {
    return this.#read(() => {
      const current = this.#current(type, id);
      if (current === undefined || current.version === version) return current;
      const found = this.#statements.get(PAST, id, id, type, version);
      return found === undefined ? undefined : this.#versions.of(found);
    });
  }

  history(query: HistoryQuery): Promise<HistoryPage> {
    return this.#read(() => historyPage(this.#statements, this.#versions, query));
  }

  walk(query: WalkQuery): AsyncIterable<readonly StoredVersion[]> {
    return walkPages(query.after ?? 0, (after) => this.#read(() => walkPage(this.#statements, this.#versions, query, after)));
  }

  search(query: SearchQuery): Promise<Result<SearchPage>> {
    return this.#read(() => {
      const types = query.types.length > 0 ? query.types : typeNamesOf(this.#statements);
      const compartments = compartmentsOf(query.filter, types, this.#settings.compartmentParameters);
      return searchPage(this.#statements, this.#versions, query, compartments, this.#settings);
    });
  }

  owners(keys: readonly string[]): Promise<(string | undefined)[]> {
    return this.#read(() =>
      keys.map((key) => this.#statements.get('SELECT owner FROM claim WHERE key = ?', key)?.['owner'] as string | undefined),
    );
  }

  listClaims(after: string, count: number): Promise<{ key: string; owner: string }[]> {
    const some = 'SELECT key, owner FROM claim WHERE key > ? ORDER BY key LIMIT ?';
    return this.#read(() =>
      this.#statements.all(some, after, count).map((row) => ({ key: row['key'] as string, owner: row['owner'] as string })),
    );
  }

  documents(keys: readonly DocumentKey[]): Promise<(string | undefined)[]> {
    const one = 'SELECT json FROM document WHERE kind = ? AND key = ?';
    return this.#read(() => keys.map(({ kind, key }) => this.#statements.get(one, kind, key)?.['json'] as string | undefined));
  }

  listDocuments(kind: string, after: string, count: number, prefix = ''): Promise<{ key: string; json: string }[]> {
    const some = 'SELECT key, json FROM document WHERE kind = ? AND key > ? AND key < ? ORDER BY key LIMIT ?';
    return this.#read(() =>
      this.#statements
        .all(some, kind, after, afterPrefix(prefix) ?? LAST_TEXT, count)
        .map((row) => ({ key: row['key'] as string, json: row['json'] as string })),
    );
  }

  documentKinds(): Promise<string[]> {
    return this.#read(() => this.#statements.all('SELECT DISTINCT kind FROM document ORDER BY kind').map((row) => row['kind'] as string));
  }

  async commit(change: Change): Promise<Commit> {
    const { guards = [] } = change;
    const writes = (change.writes ?? []).map((write) => this.#prepare(write));
    const prepared = {
      ...change,
      now: this.#settings.now(),
      guards: guards.map((guard) => ({
        ...guard,
        compartments: compartmentsOf(guard.filter, [guard.type], this.#settings.compartmentParameters),
      })),
    };
    const written = await this.#write(prepared, writes);
    if (!written.ok) return written;
    const versions = written.versions.map((version, index) => {
      const { type, id, tail = '' } = writes[index] as (typeof writes)[number];
      const json = withHead(tail, type, id, version.version, version.lastUpdated);
      return { type, id, ...version, json };
    });
    return { ok: true, seq: written.seq, versions };
  }

  async reindex(references: readonly { type: string; id: string }[]): Promise<number> {
    const current = (await this.readMany(references)).filter((version) => version !== undefined && !version.deleted && version.json !== '');
    const found = (current as StoredVersion[]).map(({ type, id, version, json }) => {
      return { type, id, version, rows: indexRowsOf(this.#settings.extract(readWritten(json) as Resource)) };
    });
    return (await this.#run('reindex', { kind: 'reindex', found })).count;
  }

  async health(): Promise<string | undefined> {
    if (this.#queue.stopped !== undefined) return this.#queue.stopped;
    try {
      const outcome = await this.#queue.run({ kind: 'health' });
      if (outcome.kind === 'fault') return outcome.fault.message;
      return outcome.kind === 'health' ? outcome.reason : undefined;
    } catch (error) {
      return faultOf(error).message;
    }
  }

  async close(): Promise<void> {
    await this.#queue.close();
    if (this.#statements.database.isOpen) this.#statements.database.close();
  }

  #prepare({ resource, ...write }: Write): TextWrite {
    if (resource === undefined) return write;
    const { type, id, kept } = write;
    const tail = kept === undefined ? tailOf(resource) : withoutHead(kept.json, type, id, kept.version, kept.lastUpdated);
    return { ...write, tail, rows: indexRowsOf(this.#settings.extract(resource as Resource)) };
  }

  /** Long texts are there before the change that refers to them, and go again where nothing comes of it. */
  async #write(change: Omit<PreparedChange, 'writes'>, writes: readonly TextWrite[]): Promise<Written> {
    const run = async (told: readonly PreparedWrite[]) =>
      (await this.#run('change', { kind: 'change', change: { ...change, writes: told } })).written;
    const long = writes.flatMap(({ tail = '' }) => (tail.length > LONG ? [tail] : []));
    if (long.length === 0) return run(writes);
    return keepInPieces(this.#pieces, long, async (kept) => {
      const texts = kept.values();
      const written = await run(
        writes.map((write) => ((write.tail?.length ?? 0) > LONG ? { ...write, tail: texts.next().value as LongText } : write)),
      );
      return { outcome: written, refers: written.ok };
    });
  }

  async #receive(arrival: Arrival): Promise<Received> {
    const { raw } = arrival;
    if (raw === undefined || raw.length <= LONG) return (await this.#run('receive', { kind: 'receive', arrival })).received;
    const bare = { ...arrival, raw: undefined };
    const { received: repeated } = await this.#run('repeat', { kind: 'repeat', arrival: bare });
    if (repeated !== undefined) return repeated;
    return keepInPieces(this.#pieces, [raw], async ([long]) => {
      const { received } = await this.#run('receive', { kind: 'receive', arrival: bare, long });
      return { outcome: received, refers: received.kind === 'new' };
    });
  }

  async #run<K extends Exclude<Outcome['kind'], 'health' | 'fault'>>(
    kind: K,
    job: Job & { kind: K },
  ): Promise<Extract<Outcome, { kind: K }>> {
    const outcome = await this.#queue.run(job);
    if (outcome.kind === 'fault') throw errorOf(outcome.fault);
    if (outcome.kind !== kind) throw new Bug(`the writer answered ${outcome.kind} to ${kind}`);
    return outcome as Extract<Outcome, { kind: K }>;
  }

  #fileAt(path: string): StoreFile {
    return {
      space: () =>
        this.#read(() => {
          const figure = (name: string) => Number(this.#statements.get(`PRAGMA ${name}`)?.[name]);
          const page = figure('page_size');
          const log = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
          return { used: figure('page_count') * page, free: figure('freelist_count') * page, log };
        }),
      carryLog: async () => {
        const outcome = await this.#queue.run({ kind: 'health', carryLog: true });
        if (outcome.kind === 'fault') throw errorOf(outcome.fault);
      },
    };
  }

  #current(type: string, id: string): StoredVersion | undefined {
    const found = this.#statements.get(CURRENT, id, type);
    return found === undefined ? undefined : this.#versions.of(found);
  }

  /** One snapshot for all that a read looks at: the writer goes on beside it. */
  #read<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const { database } = this.#statements;
      try {
        this.#statements.run('BEGIN');
        resolve(work());
      } catch (error) {
        reject(faultOf(error).code === 0 && error instanceof Error ? error : errorOf(faultOf(error)));
      } finally {
        if (database.isOpen && database.isTransaction) this.#statements.run('COMMIT');
      }
    });
  }
}

const ROW_OF = 'SELECT row FROM node WHERE id = ? AND type = (SELECT type FROM type WHERE name = ?)';
const CURRENT = `SELECT id, ${VERSION_COLUMNS} FROM node WHERE row = (${ROW_OF}) AND version > 0`;
const PAST = `SELECT ? AS id, ${VERSION_COLUMNS} FROM past WHERE row = (${ROW_OF}) AND version = ?`;
