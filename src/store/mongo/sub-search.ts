import type { Filter } from '../../fhir/search-query.ts';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Collections, ResourceDocument, Session } from './collections.ts';
import type { Condition } from './comparison.ts';
import { compileFilter, conjunction, type SubSearch } from './filter-query.ts';
import { options } from './long-text.ts';
import { referencePrefix, referenceTerm } from './terms.ts';

/** The most resources an inner search of a chain or _has may give. More is refused, never cut in silence. */
const MOST_IN_BETWEEN = 20_000;

/** What every search runs on. */
export interface SearchGround {
  readonly collections: Collections;
  readonly compartmentParameters: (compartment: string, type: string) => readonly string[];
  readonly session: Session;
  /** Units: ms */
  readonly timeoutMs: number;
}

/** The condition that current resources of these types (none: all) meet a filter. */
export async function matching(types: readonly string[], filter: Filter, ground: SearchGround): Promise<Condition> {
  const [only, ...others] = types;
  const typed: Condition = only === undefined ? {} : { type: others.length === 0 ? only : { $in: [...types] } };
  return conjunction([{ ...typed, deleted: false }, await compileFilter(filter, subSearch(types, ground))]);
}

/** Ids of the resources of a type that meet a filter, `most` at most. */
export async function matchingIds(type: string, filter: Filter, most: number, ground: SearchGround): Promise<string[]> {
  const found = ground.collections.resources.find(await matching([type], filter, ground), {
    ...options(ground.session),
    projection: { id: 1 },
    limit: most,
  });
  return (await found.toArray()).map(({ id }) => id);
}

function subSearch(types: readonly string[], ground: SearchGround): SubSearch {
  const { collections, compartmentParameters, session, timeoutMs } = ground;
  const limits = { ...options(session), limit: MOST_IN_BETWEEN + 1, ...(session === undefined ? { maxTimeMS: timeoutMs } : {}) };

  const among = async () => (types.length > 0 ? types : collections.resources.distinct('type', {}, options(session)));

  return {
    types: among,

    async targets(inner, filter) {
      const condition = await matching(inner, filter, ground);
      const found = await collections.resources.find(condition, { ...limits, projection: { _id: 1 } }).toArray();
      return bounded(found.map(({ _id }) => _id));
    },

    async referred(type, parameter, filter) {
      const condition = await matching([type], filter, ground);
      const found = await collections.resources.find(condition, { ...limits, projection: { 'ix.r': 1 } }).toArray();
      return bounded(found.flatMap((document) => literalTargets(document, parameter)));
    },

    async compartment(type, id) {
      if (type === 'List' || type === 'Group') {
        const named = await collections.resources.findOne(
          { _id: `${type}/${id}`, deleted: false },
          { ...options(session), projection: { 'ix.r': 1 } },
        );
        return [{ _id: { $in: named === null ? [] : literalTargets(named, type === 'List' ? 'item' : 'member') } }];
      }
      const referring = (await among()).map((of) => {
        const terms = compartmentParameters(type, of).map((parameter) => referenceTerm(parameter, type, id));
        return { type: of, 'ix.r': { $in: terms } };
      });
      return [{ _id: `${type}/${id}` }, ...referring.filter((condition) => condition['ix.r'].$in.length > 0)];
    },
  };
}

/** Type/id of what a resource refers to by a parameter. */
function literalTargets(document: Pick<ResourceDocument, 'ix'>, parameter: string): string[] {
  const prefix = referencePrefix(parameter, undefined);
  return (document.ix.r ?? []).filter((term) => term.startsWith(prefix)).map((term) => term.slice(prefix.length));
}

function bounded(found: readonly string[]): string[] {
  if (found.length > MOST_IN_BETWEEN)
    throw new IssueError(issue('too-costly', { reason: `a chained search goes through more than ${MOST_IN_BETWEEN} resources` }));
  return [...new Set(found)];
}
