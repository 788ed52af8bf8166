import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Guard } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { parseQuery } from '../http/query-string.ts';
import { resolveCriteria } from '../write/resolve-criteria.ts';
import { within } from './entry.ts';
import { type Identity, referenceCriteria } from './identities.ts';
import type { Rewrite } from './rewrite-references.ts';
import { eachReference } from '../../fhir/references.ts';
import type { Resource } from '../../fhir/resource.ts';

/** What every reference of a transaction becomes, and the guards of those that were searched for. */
export interface References {
  readonly rewrite: Rewrite;
  readonly guards: readonly Guard[];
}

/**
 * Resolves the references of a transaction: the fullUrl of an entry, urn:uuid or not, and criteria, which may be those of an entry.
 *
 * Fails: bundle-invalid (a fullUrl that two entries have); reference-unresolved (no entry with this urn:uuid; criteria that match none or several)
 */
export async function resolveReferences(identities: readonly Identity[], context: Context): Promise<References> {
  const targets = new Map<string, string>();
  const byCriteria = new Map<string, string>();
  for (const { entry, type, ids, key } of identities) {
    if (ids[0] === undefined) continue;
    const target = `${type}/${ids[0]}`;
    if (entry.fullUrl !== undefined) {
      if ((targets.get(entry.fullUrl) ?? target) !== target)
        throw new IssueError(issue('bundle-invalid', { reason: 'two entries have one fullUrl', expression: `${entry.place}.fullUrl` }));
      targets.set(entry.fullUrl, target);
      const tail = /^https?:\/\/.*\/([A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64})$/.exec(entry.fullUrl)?.[1];
      if (tail !== undefined && entry.match.route.name === 'create') targets.set(tail, target);
    }
    if (key !== undefined) byCriteria.set(key, target);
  }
  const guards: Guard[] = [];
  const look = async (reference: string, place: string) => {
    if (targets.has(reference)) return;
    if (reference.startsWith('urn:uuid:')) throw new IssueError(issue('reference-unresolved', { count: 'none of the', expression: place }));
    const criteria = referenceCriteria(reference, context);
    if (criteria === undefined) return;
    let target = byCriteria.get(criteria.key);
    if (target === undefined) {
      const { ids, guard } = await resolveCriteria(criteria.type, parseQuery(criteria.query), context);
      if (ids[0] === undefined) throw new IssueError(issue('reference-unresolved', { count: 'no', expression: place }));
      guards.push(guard);
      target = `${criteria.type}/${ids[0]}`;
    }
    targets.set(reference, target);
  };
  for (const { entry, found } of identities) {
    if (found || entry.request.body?.kind !== 'resource') continue;
    const met: [string, string][] = [];
    eachReference(entry.request.body.value as Resource, ({ reference = '' }, place) => met.push([reference, `${place}.reference`]));
    for (const [reference, place] of met) await within(entry.place, () => look(reference, place));
  }
  return { rewrite: (reference) => targets.get(reference), guards };
}
