import type { Issue } from '../issue/issue.ts';
import type { Result } from '../issue/result.ts';
import type { IndexValues } from '../fhir/index-values.ts';
import type { Resource } from '../fhir/resource.ts';
import type { Filter, SearchQuery } from '../fhir/search-query.ts';
import type { FeedTally } from './feed-tally.ts';
import type { Journal, MessageUpdate } from './journal.ts';

/**
 * Where everything is kept. Two implementations, one contract (test/store/contract.ts).
 *
 * A write is data: the caller reads, decides, and hands over one Change that names the versions it was decided on. The store applies all of it
 * in one database transaction, or nothing, and says what stood in the way. So the same caller works over a local file and over a cluster,
 * many changes share one fsync, and an answer can be built only from what was committed.
 */
export interface Store {
  /** The current version, deleted or not. */
  read(type: string, id: string): Promise<StoredVersion | undefined>;
  /** Many at once, in the order asked; undefined where there is none. */
  readMany(references: readonly { type: string; id: string }[]): Promise<(StoredVersion | undefined)[]>;
  readVersion(type: string, id: string, version: number): Promise<StoredVersion | undefined>;
  history(query: HistoryQuery): Promise<HistoryPage>;
  /** Versions in the order of commits, a handful at a time; what is committed while it goes on does no harm to it. */
  walk(query: WalkQuery): AsyncIterable<readonly StoredVersion[]>;
  search(query: SearchQuery): Promise<Result<SearchPage>>;
  /** Which resource owns each key, in the order asked. */
  owners(keys: readonly string[]): Promise<(string | undefined)[]>;
  /** Unique keys and their owners by key, from `after` on. */
  listClaims(after: string, count: number): Promise<{ key: string; owner: string }[]>;
  /** Documents kept beside the resources (what a sender said, jobs, outbox), in the order asked. */
  documents(keys: readonly DocumentKey[]): Promise<(string | undefined)[]>;
  /** Documents of a kind by key, from `after` on; none behind those that begin with the prefix, where one is given. */
  listDocuments(kind: string, after: string, count: number, prefix?: string): Promise<{ key: string; json: string }[]>;
  /** The kinds there are documents of. */
  documentKinds(): Promise<string[]>;
  /**
   * All of the change, durable when the promise resolves, or nothing.
   *
   * Fails: nothing by Result; a conflict is an answer. Throws IssueError store-busy or store-unavailable when the database cannot.
   */
  commit(change: Change): Promise<Commit>;
  /**
   * Finds anew what current versions can be found by, as `extract` gives it now; no version is made. Those deleted, not there or changed
   * meanwhile are passed over: a change takes out its own. How many it was.
   */
  reindex(references: readonly { type: string; id: string }[]): Promise<number>;
  readonly journal: Journal;
  /** Undefined when the store can be written durably; else why not. */
  health(): Promise<string | undefined>;
  /** The file that holds it all; left out where a server, or only the memory, does. */
  readonly file?: StoreFile;
  close(): Promise<void>;
}

/** The file of a store, as whoever looks after the disk sees it. */
export interface StoreFile {
  space(): Promise<StoreSpace>;
  /** Carries the write-ahead log into the file and gives its room back. Fails: throws IssueError store-busy, store-unavailable */
  carryLog(): Promise<void>;
}

/** Units: bytes */
export interface StoreSpace {
  readonly used: number;
  /** Of what is used, free to be used again. */
  readonly free: number;
  /** Of the write-ahead log beside the file. */
  readonly log: number;
}

/** What every store is opened with, beside its own address. */
export interface StoreSettings {
  /** What a resource can be found by. Pure; called once for each version written. */
  readonly extract: (resource: Resource) => IndexValues;
  /** UTC ms. A version's lastUpdated is this, or that of the version before where the clock went back. */
  readonly now: () => number;
  /**
   * The reference parameters by which resources of a type are in a compartment; empty when they are in none.
   *
   * Shape: compartmentParameters('Patient', 'Observation') is ['subject', 'performer']
   */
  readonly compartmentParameters: (compartment: string, type: string) => readonly string[];
  /** A gateway opens it, which works on the messages in it: where only one can, a second is refused. */
  readonly alone?: boolean;
}

/** One version of one resource as it is kept. */
export interface StoredVersion {
  readonly type: string;
  readonly id: string;
  /** meta.versionId, counted from 1. */
  readonly version: number;
  /** Its place in the order of all commits, rising within a commit; what `_since`, history and export page by. */
  readonly seq: number;
  /** UTC ms. */
  readonly lastUpdated: number;
  readonly deleted: boolean;
  /** How it was asked for; what a message or an operation writes is a PUT, and so is what stands there from before this was kept. */
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** It is the first, or it brought back what was deleted. */
  readonly created: boolean;
  /** The JSON text, with id and meta filled in, served as it is. Empty for a deletion. */
  readonly json: string;
}

/** Everything that must happen together. */
export interface Change {
  readonly writes?: readonly Write[];
  readonly claims?: readonly Claim[];
  readonly guards?: readonly Guard[];
  readonly documents?: readonly DocumentWrite[];
  readonly messages?: readonly MessageUpdate[];
  /**
   * Resources that are taken out as if they had never been: no history tells of them. One that is not there, or has more versions than one,
   * is passed over.
   */
  readonly erase?: readonly { readonly type: string; readonly id: string }[];
  /** As another store has counted them. */
  readonly feeds?: readonly FeedTally[];
}

/** A new version of a resource. Deleting what is deleted already makes no version; deleting what never was is a version conflict. */
export interface Write {
  readonly type: string;
  readonly id: string;
  /** The version it was decided on: 0 when there was none (a deletion is a version), undefined when any will do. */
  readonly expected?: number;
  /** The resource without meta.versionId and meta.lastUpdated, which the store fills in; undefined deletes. */
  readonly resource?: Record<string, unknown>;
  /** How it was asked for, where that was no PUT. */
  readonly method?: 'POST' | 'PATCH';
  /** The version as another store keeps it: its place, time, method and text are taken as they are. Its place must be behind every other. */
  readonly kept?: StoredVersion;
}

/** A unique key and the resource that owns it. Shape: key 'Patient|urn:oid:2.16|12345', owner 'Patient/7f3c' */
export interface Claim {
  readonly key: string;
  /** Undefined gives the key up. */
  readonly owner?: string;
  /** Who owned it when the change was decided; undefined: nobody. */
  readonly expected?: string;
}

/**
 * A search that must still give what it gave when the change was decided: the heart of conditional interactions.
 * Guards see what was there before the change's own writes.
 */
export interface Guard {
  readonly type: string;
  readonly filter: Filter;
  /** The criteria in one spelling, so that two equal guards exclude each other. */
  readonly key: string;
  /** The ids it gave. */
  readonly ids: readonly string[];
}

/** The name of a document. */
export interface DocumentKey {
  readonly kind: string;
  readonly key: string;
}

/** A document's new text; undefined removes it. */
export interface DocumentWrite extends DocumentKey {
  readonly json?: string;
  /** The text it was decided on, where that matters; null: there was none. */
  readonly expected?: string | null;
}

/**
 * What became of a change. On a conflict nothing was written and the caller decides anew.
 *
 * `versions` are in the order of the writes; `seq` is that of the last of them, or of the last commit before when nothing was written.
 * `subject`: Patient/7f3c of a version, the key of a claim or guard, kind/key of a document, the id of a message.
 */
export type Commit =
  | { readonly ok: true; readonly seq: number; readonly versions: readonly StoredVersion[] }
  | { readonly ok: false; readonly conflict: 'version' | 'claim' | 'guard' | 'document' | 'message'; readonly subject: string };

/** Which versions a walk meets, oldest first. */
export interface WalkQuery {
  readonly type?: string;
  /** The seq after which it begins; 0 or nothing: at the beginning. */
  readonly after?: number;
  /** The seq it ends with. */
  readonly upTo?: number;
  /**
   * Only versions that were current when `upTo` was the last commit, deletions among them: each resource once, as it stood then,
   * whatever was committed since.
   */
  readonly current?: boolean;
  /** lastUpdated at or after. UTC ms. */
  readonly since?: number;
}

/** Which versions a history shows, newest first. */
export interface HistoryQuery {
  readonly type?: string;
  readonly id?: string;
  /** UTC ms, inclusive. */
  readonly since?: number;
  /** The versions current at some time from `low` on and before `high`. UTC ms. */
  readonly at?: { readonly low: number; readonly high: number };
  readonly count: number;
  /** Where the page before ended. */
  readonly after?: string;
}

/** A page of history. */
export interface HistoryPage {
  readonly versions: readonly StoredVersion[];
  readonly next?: string;
  readonly total?: number;
}

/** The most resources a page includes beside its matches. */
export const MOST_INCLUDED = 1_000;

/**
 * A page of a search. Matches in order, then what they include: each resource once, none that is a match.
 *
 * Pages are by key, with a high-water mark taken at the first: what is created later does not appear, and in the order of creation nothing
 * is missed or doubled whatever is written between pages. Where the order is by a value, a resource whose value changes between pages
 * stands where its new value puts it.
 */
export interface SearchPage {
  readonly matches: readonly StoredVersion[];
  readonly included: readonly StoredVersion[];
  /** There was more to include than MOST_INCLUDED. */
  readonly includedCut?: boolean;
  /** What lies over the store has to say of what is not shown. */
  readonly notes?: readonly Issue[];
  readonly next?: string;
  readonly total?: number;
}
