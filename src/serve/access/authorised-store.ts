import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { type Result, success } from '../../issue/result.ts';
import { EVERYTHING, type Filter, type SearchQuery } from '../../fhir/search-query.ts';
import { listsIn, narrowGuard, narrowQuery } from '../../secure/narrow-query.ts';
import type { Right } from '../../secure/scope.ts';
import type {
  Change,
  Claim,
  Commit,
  Guard,
  HistoryPage,
  HistoryQuery,
  SearchPage,
  Store,
  StoredVersion,
  WalkQuery,
  Write,
} from '../../store/store.ts';
import type { Visit } from './enter.ts';
import { Judge, type Reading } from './judge.ts';
import { reachable } from './reachable.ts';

const AUDIT = 'AuditEvent';

/** What a caller's store is made of. */
export interface StoreAccess extends Visit {
  readonly reading: () => Reading;
  readonly resourceTypes: ReadonlySet<string>;
  /** Any of these lets a resource be looked at by its id. */
  readonly sees: readonly Right[];
}

/**
 * The store as one caller may see it: the one way to resources that a request has. Searches are narrowed before they run, whatever comes out is
 * judged once more, and what is hidden is answered as if it were not there.
 */
export class AuthorisedStore implements Store {
  readonly #parts: StoreAccess;
  readonly #store: Store;
  readonly #judge: Judge;

  constructor(parts: StoreAccess) {
    this.#parts = parts;
    this.#store = parts.store;
    this.#judge = new Judge(parts.access, parts.store, parts.reading);
  }

  async read(type: string, id: string): Promise<StoredVersion | undefined> {
    if (type === AUDIT) await this.#parts.catchUp?.();
    const found = await this.#seen(await this.#store.read(type, id), this.#parts.sees);
    if (found === undefined) this.#parts.unseen.add(`${type}/${id}`);
    return this.#pass(found);
  }

  async readMany(references: readonly { type: string; id: string }[]): Promise<(StoredVersion | undefined)[]> {
    const found = await this.#store.readMany(references);
    const shown = await Promise.all(found.map((version) => this.#seen(version, this.#parts.sees)));
    this.#parts.passed(shown.filter((version) => version !== undefined));
    return shown;
  }

  async readVersion(type: string, id: string, version: number): Promise<StoredVersion | undefined> {
    return this.#pass(await this.#seen(await this.#store.readVersion(type, id, version), this.#parts.sees));
  }

  async history(query: HistoryQuery): Promise<HistoryPage> {
    if (query.type === AUDIT) await this.#parts.catchUp?.();
    const page = await this.#store.history(query);
    const versions = await this.#only(page.versions, ['r']);
    this.#parts.passed(versions);
    // a total of what is hidden too would tell how much there is
    if (this.#parts.access.isUnrestricted('r')) return page;
    return { versions, ...(page.next === undefined ? {} : { next: page.next }) };
  }

  async *walk(query: WalkQuery): AsyncIterable<readonly StoredVersion[]> {
    for await (const versions of this.#store.walk(query)) {
      const shown = await this.#only(versions, ['r']);
      this.#parts.passed(shown);
      yield shown;
    }
  }

  async search(query: SearchQuery): Promise<Result<SearchPage>> {
    const { access, catchUp } = this.#parts;
    const notes = catchUp !== undefined && asksForAudit(query) ? await catchUp() : [];
    const isWhole = access.isUnrestricted('s') && access.isUnrestricted('r');
    const found = await this.#store.search(isWhole ? query : narrowQuery(query, await this.#narrowing(query.filter)));
    if (!found.ok) return found;
    const page = found.value;
    const matches = await this.#only(page.matches, ['s']);
    const visible = await this.#only(page.included, ['r']);
    const included = access.isUnrestricted('r') || visible.length === 0 ? visible : reachable(matches, visible, this.#judge);
    this.#parts.passed([...matches, ...included]);
    return { ...success({ ...page, matches, included, ...(notes.length === 0 ? {} : { notes }) }), issues: found.issues };
  }

  async owners(keys: readonly string[]): Promise<(string | undefined)[]> {
    const owners = await this.#store.owners(keys);
    return Promise.all(owners.map(async (owner) => (owner !== undefined && (await this.#maySee(owner)) ? owner : undefined)));
  }

  async commit(change: Change): Promise<Commit> {
    for (const write of change.writes ?? []) await this.#authorise(write);
    const claims = await this.#ownClaims(change.claims ?? []);
    const guards: Guard[] = [];
    for (const guard of change.guards ?? []) {
      const filter = narrowGuard(guard.type, guard.filter, await this.#narrowing(guard.filter));
      guards.push({ ...guard, filter });
    }
    const note = this.#parts.note?.(change.writes ?? []);
    const documents = [...(change.documents ?? []), ...(note === undefined ? [] : [note])];
    const commit = await this.#store.commit({ ...change, claims, guards, documents });
    if (commit.ok) this.#parts.passed(commit.versions);
    return commit;
  }

  listClaims(after: string, count: number) {
    return this.#store.listClaims(after, count);
  }

  documents(keys: readonly { kind: string; key: string }[]) {
    return this.#store.documents(keys);
  }

  listDocuments(kind: string, after: string, count: number, prefix?: string) {
    return this.#store.listDocuments(kind, after, count, prefix);
  }

  documentKinds() {
    return this.#store.documentKinds();
  }

  reindex(references: readonly { type: string; id: string }[]) {
    return this.#store.reindex(references);
  }

  get journal() {
    return this.#store.journal;
  }

  health() {
    return this.#store.health();
  }

  close() {
    return this.#store.close();
  }

  async #seen(version: StoredVersion | undefined, rights: readonly Right[]): Promise<StoredVersion | undefined> {
    return version !== undefined && (await this.#judge.holds(version, rights)) ? version : undefined;
  }

  #pass(version: StoredVersion | undefined): StoredVersion | undefined {
    if (version !== undefined) this.#parts.passed([version]);
    return version;
  }

  async #only(versions: readonly StoredVersion[], rights: readonly Right[]): Promise<readonly StoredVersion[]> {
    if (rights.every((right) => this.#parts.access.isUnrestricted(right))) return versions;
    const held = await Promise.all(versions.map((version) => this.#judge.holds(version, rights)));
    return versions.filter((_, index) => held[index]);
  }

  async #narrowing(filter: Filter) {
    const { access, resourceTypes } = this.#parts;
    const readable = new Set<string>();
    for (const { type, id } of listsIn(filter)) {
      const list = await this.#store.read(type, id);
      if (list !== undefined && (await this.#judge.holds(list, ['r']))) readable.add(`${type}/${id}`);
    }
    return { access, resourceTypes, readable };
  }

  /** Fails: throws IssueError forbidden. Where a part of the store is hidden, a free id and a hidden one are refused alike. */
  async #authorise({ type, id, resource, expected }: Write): Promise<void> {
    const rights: readonly Right[] = resource === undefined ? ['d'] : expected === 0 ? ['c', 'u'] : ['u'];
    const limit = this.#judge.limit(type, rights);
    if (limit === EVERYTHING) return;
    const current = expected === 0 ? undefined : await this.#store.read(type, id);
    const isAllowed =
      limit !== undefined &&
      !this.#parts.unseen.has(`${type}/${id}`) &&
      (current === undefined || (await this.#judge.holds(current, rights))) &&
      (resource === undefined || this.#judge.holdsFor(type, id, resource, rights));
    if (!isAllowed) throw new IssueError(issue('forbidden', { reason: `the token has no scope to write this ${type}` }));
  }

  /** A key that a hidden resource owns stays there, and nobody is told. */
  async #ownClaims(claims: readonly Claim[]): Promise<readonly Claim[]> {
    if (claims.length === 0 || this.#judge.limit('Patient', ['r', 'u']) === EVERYTHING) return claims;
    const owners = await this.#store.owners(claims.map(({ key }) => key));
    return claims.filter((claim, index) => claim.expected !== undefined || owners[index] === undefined);
  }

  async #maySee(owner: string): Promise<boolean> {
    const [type = '', id = ''] = owner.split('/');
    if (this.#judge.limit(type, ['r', 'u']) === EVERYTHING) return true;
    return (await this.#seen(await this.#store.read(type, id), ['r', 'u'])) !== undefined;
  }
}

function asksForAudit({ types, includes }: SearchQuery): boolean {
  return types.includes(AUDIT) || includes.some(({ source, parameter }) => source === AUDIT && parameter !== undefined);
}
