import type { Subscription } from 'fhir/r4.js';
import { IssueError } from '../issue/issue-error.ts';
import type { CompartmentParameters } from '../fhir/compartments.ts';
import type { IndexValues } from '../fhir/index-values.ts';
import { meetsFilter } from '../fhir/meets-filter.ts';
import type { Resource } from '../fhir/resource.ts';
import { searchOf, type SearchQuery } from '../fhir/search-query.ts';
import { overStore } from '../store/over-store.ts';
import type { Change, DocumentWrite, Store, Write } from '../store/store.ts';
import { type ActiveSubscription, parseSubscription, type SubscriptionRules } from './subscription.ts';

/** The kind of document a waiting notification is. Its key begins with the subscription's id and goes on in the order of the writes. */
export const OUTBOX = 'outbox';

/** A notification that waits. */
export interface Waiting {
  /** Shape: Observation/7f3c */
  readonly reference: string;
  readonly attempts: number;
  /** UTC ms. */
  readonly since: number;
  /** Not to be tried before. UTC ms */
  readonly nextTryAt: number;
}

/** What the outbox works with. */
export interface OutboxDependencies extends SubscriptionRules {
  readonly extract: (resource: Resource) => IndexValues;
  readonly compartmentParameters: CompartmentParameters;
  /** UTC ms. */
  readonly now: () => number;
  readonly newId: () => string;
}

/** The subscriptions served now, and a store that remembers whom each write is to be told. */
export interface Outbox {
  /** The store every writer uses: whom a change must be told is committed with the change, or not at all. */
  readonly store: Store;
  readonly active: ReadonlyMap<string, ActiveSubscription>;
  /** Reads the subscriptions anew: at start, and now and then where other processes share the database. */
  load(): Promise<void>;
}

/**
 * An outbox over a store.
 *
 * Fails: its store's commit throws IssueError subscription-refused for a subscription that cannot be served
 */
export function createOutbox(inner: Store, deps: OutboxDependencies): Outbox {
  const active = new Map<string, ActiveSubscription>();
  let order = 0;

  function keep(resource: Subscription): void {
    const parsed = resource.status === 'active' || resource.status === 'error' ? parseSubscription(resource, deps) : undefined;
    if (parsed?.ok === true) active.set(parsed.value.id, parsed.value);
    else active.delete(resource.id ?? '');
  }

  /** A client asks for a subscription; what can be served becomes active with the write, what cannot is refused with the reason. */
  function admitted(write: Write): Write {
    if (write.type !== 'Subscription' || write.resource?.['status'] !== 'requested') return write;
    const resource = { ...write.resource, id: write.id, status: 'active' };
    const parsed = parseSubscription(resource as unknown as Subscription, deps);
    if (!parsed.ok) throw new IssueError(...parsed.issues);
    return { ...write, resource };
  }

  function toldOf(write: Write, now: number): DocumentWrite[] {
    if (write.resource === undefined || active.size === 0) return [];
    const subscribers = [...active.values()].filter(({ type, end }) => type === write.type && end > now);
    if (subscribers.length === 0) return [];
    const judged = {
      type: write.type,
      id: write.id,
      lastUpdated: now,
      values: deps.extract({ ...write.resource, resourceType: write.type, id: write.id }),
    };
    const waiting: Waiting = { reference: `${write.type}/${write.id}`, attempts: 0, since: now, nextTryAt: now };
    return subscribers
      .filter(({ filter }) => meetsFilter(filter, judged, deps.compartmentParameters))
      .map(({ id }) => ({
        kind: OUTBOX,
        key: `${id}|${String(now).padStart(14, '0')}-${String((order += 1)).padStart(9, '0')}-${deps.newId()}`,
        json: JSON.stringify(waiting),
      }));
  }

  async function commit(change: Change) {
    if (change.writes === undefined || change.writes.length === 0) return inner.commit(change);
    const now = deps.now();
    const writes = change.writes.map(admitted);
    const told = writes.flatMap((write) => toldOf(write, now));
    const committed = await inner.commit({ ...change, writes, documents: [...(change.documents ?? []), ...told] });
    if (committed.ok) {
      for (const version of committed.versions) {
        if (version.type !== 'Subscription') continue;
        if (version.deleted) active.delete(version.id);
        else keep(JSON.parse(version.json) as Subscription);
      }
    }
    return committed;
  }

  return {
    store: overStore(inner, { commit }),
    active,
    async load() {
      const found = new Set<string>();
      let query: SearchQuery = searchOf('Subscription', { op: 'and', of: [] }, { count: 200 });
      for (;;) {
        const page = await inner.search(query);
        if (!page.ok) throw new IssueError(...page.issues);
        for (const version of page.value.matches) {
          found.add(version.id);
          keep(JSON.parse(version.json) as Subscription);
        }
        if (page.value.next === undefined) break;
        query = { ...query, after: page.value.next };
      }
      for (const id of active.keys()) if (!found.has(id)) active.delete(id);
    },
  };
}
