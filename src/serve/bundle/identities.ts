import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Guard } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { parseQuery } from '../http/query-string.ts';
import { mostDeleted } from '../interactions/delete.ts';
import { idOfConditionalUpdate } from '../interactions/update.ts';
import { parseCriteria } from '../search-request/criteria.ts';
import { criteriaIn, resolveCriteria } from '../write/resolve-criteria.ts';
import { type Entry, within } from './entry.ts';

/** Which resources an entry is about, settled before anything is written. */
export interface Identity {
  readonly entry: Entry;
  readonly type: string;
  /** One, but for a conditional delete: none or, by setting, several. */
  readonly ids: readonly string[];
  readonly guards: readonly Guard[];
  /** A conditional create that found what it would have made. */
  readonly found: boolean;
  /** The body under its id, for a conditional update. */
  readonly body?: Record<string, unknown>;
  /** The criteria in one spelling, so that a conditional reference finds what this entry makes. */
  readonly key?: string;
}

/**
 * Gives every entry that writes its identity. Two conditional creates with the same criteria are one.
 *
 * Fails: multiple-matches, bundle-invalid (two entries about one resource), and what criteria fail with
 */
export async function settleIdentities(entries: readonly Entry[], context: Context): Promise<Identity[]> {
  const identities: Identity[] = [];
  const created = new Map<string, string>();
  for (const entry of entries) {
    const identity = await within(entry.place, () => identityOf(entry, created, context));
    if (identity !== undefined) identities.push(identity);
  }
  const seen = new Set<string>();
  for (const { entry, type, ids, found } of identities) {
    if (found) continue;
    for (const id of ids) {
      if (seen.has(`${type}/${id}`)) {
        throw new IssueError(issue('bundle-invalid', { reason: 'two entries are about one resource', expression: entry.place }));
      }
      seen.add(`${type}/${id}`);
    }
  }
  return identities;
}

async function identityOf(entry: Entry, created: Map<string, string>, context: Context): Promise<Identity | undefined> {
  const { request, match } = entry;
  const { type, id } = match.target;
  const plain = { entry, type, guards: [], found: false };
  switch (match.route.name) {
    case 'create': {
      const criteria = request.conditions.ifNoneExist;
      if (criteria === undefined) return { ...plain, ids: [context.newId()] };
      const { ids, guard } = await resolveCriteria(type, criteriaIn(criteria, type), context);
      const earlier = created.get(guard.key);
      const own = ids[0] ?? earlier ?? context.newId();
      created.set(guard.key, own);
      return { ...plain, ids: [own], guards: [guard], found: ids[0] !== undefined || earlier !== undefined, key: guard.key };
    }
    case 'update': {
      if (id !== '') return { ...plain, ids: [id] };
      const { ids, guard } = await resolveCriteria(type, request.query, context);
      const resource = request.body?.kind === 'resource' ? request.body.value : {};
      const settled = idOfConditionalUpdate(ids[0], resource, context);
      return { ...plain, ids: [settled.id], guards: [guard], body: settled.body, key: guard.key };
    }
    case 'patch': {
      if (id !== '') return { ...plain, ids: [id] };
      const { ids, guard } = await resolveCriteria(type, request.query, context);
      if (ids[0] === undefined) throw new IssueError(issue('resource-not-found', { reference: `A ${type} that meets the criteria` }));
      return { ...plain, ids: [ids[0]], guards: [guard] };
    }
    case 'delete': {
      if (id !== '') return { ...plain, ids: [id] };
      const { ids, guard } = await resolveCriteria(type, request.query, context, mostDeleted(context));
      return { ...plain, ids, guards: [guard] };
    }
    default:
      if (request.method === 'GET') return undefined;
      throw new IssueError(
        issue('bundle-invalid', { reason: 'an operation that may write cannot be part of a transaction', expression: entry.place }),
      );
  }
}

/** A conditional reference in one spelling. Shape: Patient?identifier=urn:oid:1|2 */
export function referenceCriteria(reference: string, context: Context): { type: string; query: string; key: string } | undefined {
  const found = /^([A-Za-z]+)\?(.+)$/.exec(reference);
  const [, type = '', query = ''] = found ?? [];
  if (found === null || !context.definitions.resourceTypes.has(type)) return undefined;
  return { type, query, key: parseCriteria(type, parseQuery(query), { ...context, now: context.now() }).key };
}
