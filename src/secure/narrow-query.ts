import { EVERYTHING, type Filter, type Include, type SearchQuery } from '../fhir/search-query.ts';
import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import type { Access } from './access.ts';

/** What is looked up before a filter can be narrowed. */
export interface Narrowing {
  readonly access: Access;
  readonly resourceTypes: ReadonlySet<string>;
  /** The lists and groups that may be read, of those the filter looks into. Shape: List/7 */
  readonly readable: ReadonlySet<string>;
}

/**
 * A search with everything that its caller may not see taken out before it runs: of its matches, and of whatever a chain, _has or an include
 * passes through.
 *
 * Fails: throws IssueError forbidden (a type that may not be searched; types whose limits are not one and the same)
 */
export function narrowQuery(query: SearchQuery, narrowing: Narrowing): SearchQuery {
  const { access, resourceTypes } = narrowing;
  if (access.isUnrestricted('s') && access.isUnrestricted('r')) return query;
  const asked = query.types.length === 0 ? [...resourceTypes] : query.types;
  const types = asked.filter((type) => access.may(type, 's') !== undefined);
  if (types.length === 0) throw forbidden(asked.length === 1 ? asked[0] : undefined);
  const limit = onlyLimit(types, access);
  const filter = narrowFilter(query.filter, narrowing);
  return {
    ...query,
    types: types.length === resourceTypes.size ? query.types : types,
    filter: limit === EVERYTHING ? filter : { op: 'and', of: [limit, filter] },
    includes: query.includes.filter((include) => mayFollow(include, access)),
  };
}

/** What a filter over one type of a caller becomes. Fails: throws IssueError forbidden */
export function narrowGuard(type: string, filter: Filter, narrowing: Narrowing): Filter {
  const query = { types: [type], filter, sort: [], count: 1, includes: [], total: 'none' } as const;
  return narrowQuery(query, narrowing).filter;
}

/** The lists and groups a filter looks into. Shape: [{ type: 'List', id: '7' }] */
export function listsIn(filter: Filter): { type: string; id: string }[] {
  switch (filter.op) {
    case 'and':
    case 'or':
      return filter.of.flatMap(listsIn);
    case 'not':
      return listsIn(filter.of);
    case 'chain':
    case 'has':
      return listsIn(filter.filter);
    case 'compartment':
      return isList(filter.type) ? [{ type: filter.type, id: filter.id }] : [];
    default:
      return [];
  }
}

function narrowFilter(filter: Filter, narrowing: Narrowing): Filter {
  switch (filter.op) {
    case 'and':
    case 'or':
      return { ...filter, of: filter.of.map((part) => narrowFilter(part, narrowing)) };
    case 'not':
      return { ...filter, of: narrowFilter(filter.of, narrowing) };
    case 'chain':
      return narrowChain(filter, narrowing);
    case 'has': {
      const limit = narrowing.access.may(filter.type, 's');
      if (limit === undefined) throw forbidden(filter.type);
      return { ...filter, filter: both(limit, narrowFilter(filter.filter, narrowing)) };
    }
    case 'compartment':
      return isList(filter.type) && !narrowing.readable.has(`${filter.type}/${filter.id}`) ? { op: 'or', of: [] } : filter;
    default:
      return filter;
  }
}

/** A chain to several types is one chain for each of those that may be searched, since each has limits of its own. */
function narrowChain(filter: Filter & { op: 'chain' }, narrowing: Narrowing): Filter {
  const { access, resourceTypes } = narrowing;
  const inner = narrowFilter(filter.filter, narrowing);
  const types = (filter.types.length === 0 ? [...resourceTypes] : filter.types).filter((type) => access.may(type, 's') !== undefined);
  if (types.length === 0) throw forbidden(filter.types.join(', '));
  const limits = new Map<string, { limit: Filter; types: string[] }>();
  for (const type of types) {
    const limit = access.may(type, 's') as Filter;
    const key = JSON.stringify(limit);
    const same = limits.get(key);
    if (same === undefined) limits.set(key, { limit, types: [type] });
    else same.types.push(type);
  }
  const chains = [...limits.values()].map(({ limit, types: of }): Filter => ({ ...filter, types: of, filter: both(limit, inner) }));
  return chains.length === 1 ? (chains[0] as Filter) : { op: 'or', of: chains };
}

function onlyLimit(types: readonly string[], access: Access): Filter {
  const limits = new Map(types.map((type) => [JSON.stringify(access.may(type, 's')), access.may(type, 's') as Filter]));
  const [only, ...others] = limits.values();
  if (only === undefined || others.length > 0) {
    throw new IssueError(issue('forbidden', { reason: 'the types searched have different limits; search each for itself' }));
  }
  return only;
}

/** Every * stands for includes of all types: those that may not be read are left out. One that is named is refused. */
function mayFollow(include: Include, access: Access): boolean {
  const types = [include.source, ...(include.target === undefined ? [] : [include.target])];
  const hidden = types.find((type) => access.may(type, 'r') === undefined);
  if (hidden === undefined) return true;
  if (include.parameter !== undefined) throw forbidden(hidden);
  return false;
}

function both(limit: Filter, filter: Filter): Filter {
  return limit === EVERYTHING ? filter : { op: 'and', of: [limit, filter] };
}

function isList(type: string): boolean {
  return type === 'List' || type === 'Group';
}

function forbidden(type: string | undefined): IssueError {
  return new IssueError(issue('forbidden', { reason: `the token has no scope for ${type ?? 'what is asked'}` }));
}
