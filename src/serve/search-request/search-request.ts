import { issue, type Issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Filter, Include, SearchQuery, SortKey } from '../../fhir/search-query.ts';
import type { Parameter } from '../http/query-string.ts';
import { filterSize } from './filter-size.ts';
import { parseInclude } from './include-parameter.ts';
import { parameterFilter } from './parameter-filter.ts';
import { invalid, tooCostly, placeOf } from './parameter-issues.ts';
import { requireParameter, type SearchScope } from './search-scope.ts';
import { elementsOf, summaryOf, type View } from './view.ts';

/** A search as it was asked, read. */
export interface SearchRequest {
  readonly query: SearchQuery;
  /** The parameters that were used, in order: what the self link says. */
  readonly used: readonly Parameter[];
  /** What was left out, leniently. */
  readonly warnings: readonly Issue[];
  readonly view: View;
}

/** The name our links give the place where a page begins. */
export const CURSOR = '_cursor';

/** Includes of one search; * stands for one of each type. */
const MOST_INCLUDES = 400;

/** Parameters about the answer's form, which are none of the search. */
const FORM = new Set(['_format', '_pretty']);

interface Draft {
  types: readonly string[];
  filters: Filter[];
  sort: SortKey[];
  includes: Include[];
  count: number;
  after: string | undefined;
  total: SearchQuery['total'];
  summary: View['summary'];
  elements: string[];
}

/**
 * A search out of its parameters.
 *
 * Fails: parameter-invalid, search-modifier-unsupported, too-costly; strictly also search-parameter-unknown, which is else a warning
 */
export function parseSearch(
  types: readonly string[],
  parameters: readonly Parameter[],
  strict: boolean,
  scope: SearchScope,
): SearchRequest {
  if (parameters.length > scope.settings.maxParameters) throw tooCostly(`more than ${scope.settings.maxParameters} parameters`);
  const draft: Draft = {
    types,
    filters: [],
    sort: [],
    includes: [],
    count: scope.settings.defaultCount,
    after: undefined,
    total: 'none',
    summary: 'false',
    elements: [],
  };
  const used: Parameter[] = [];
  const warnings: Issue[] = [];
  // _type first: it says whose parameters the others are
  const ordered = [...parameters].sort((one, other) => Number(other.name === '_type') - Number(one.name === '_type'));
  for (const parameter of ordered) {
    try {
      if (ONCE.has(parameter.name) && parameters.filter(({ name }) => name === parameter.name).length > 1)
        throw invalid(parameter.name, 'it is given more than once');
      const kept = read(parameter, draft, scope);
      if (kept !== undefined && kept.name !== CURSOR) used.push(kept);
    } catch (error) {
      if (!(error instanceof IssueError)) throw error;
      // what is wrong inside a chain, a sort or an include is told of the parameter that was sent
      const placed = error.issues.map(
        (one): Issue => (one.expression === undefined ? one : { ...one, expression: placeOf(parameter.name) }),
      );
      if (strict || !mayBeLeftOut(error, parameter)) throw new IssueError(...placed);
      warnings.push(...placed.map((one): Issue => ({ ...one, severity: 'warning' })));
    }
  }
  const filter: Filter = draft.filters.length === 1 ? (draft.filters[0] as Filter) : { op: 'and', of: draft.filters };
  if (filterSize(filter) > scope.settings.maxValues) throw tooCostly(`the search has more than ${scope.settings.maxValues} values`);
  if (draft.includes.length > MOST_INCLUDES) throw tooCostly('too many includes');
  return {
    query: {
      types: draft.types,
      filter,
      sort: draft.sort,
      count: draft.summary === 'count' ? 0 : draft.count,
      includes: draft.summary === 'count' ? [] : draft.includes,
      total: draft.summary === 'count' || draft.count === 0 ? 'accurate' : draft.total,
      ...(draft.after === undefined ? {} : { after: draft.after }),
    },
    used,
    warnings,
    view: { summary: draft.summary, elements: draft.elements },
  };
}

/** Of these one alone can hold. */
const ONCE: ReadonlySet<string> = new Set(['_count', '_sort', '_total', '_summary', '_elements', '_type', '_contained', CURSOR]);

const LEFT_OUT: ReadonlySet<string> = new Set(['search-parameter-unknown', 'search-parameter-indexing']);

function mayBeLeftOut(error: IssueError, parameter: Parameter): boolean {
  return error.issues.every((one) => LEFT_OUT.has(one.id)) || (parameter.value === '' && parameter.name !== CURSOR);
}

/** Reads one parameter into the draft; gives it as the self link shows it, or nothing when it is none of the search. */
function read(parameter: Parameter, draft: Draft, scope: SearchScope): Parameter | undefined {
  const { name, value } = parameter;
  if (FORM.has(name)) return undefined;
  if (value === '')
    throw new IssueError(
      issue('parameter-invalid', { parameter: /^[\w:.*-]{1,100}$/.test(name) ? name : '(one)', reason: 'it has no value' }),
    );
  switch (name) {
    case '_count':
      draft.count = count(value, scope.settings.maxCount);
      return { name, value: String(draft.count) };
    case '_sort':
      draft.sort = sortKeys(value, draft.types, scope);
      return parameter;
    case '_total':
      draft.total = oneOf(name, value, ['none', 'estimate', 'accurate'] as const);
      return parameter;
    case '_summary':
      draft.summary = summaryOf(value);
      return parameter;
    case '_elements':
      draft.elements = elementsOf(value);
      return parameter;
    case '_type':
      draft.types = typesOf(value, draft.types, scope);
      return parameter;
    case CURSOR:
      draft.after = value;
      return parameter;
    case '_contained':
      oneOf(name, value, ['false'] as const);
      return parameter;
    default:
      if (/^_(rev)?include(:|$)/.test(name)) draft.includes.push(...parseInclude(name, value, draft.types, scope));
      else draft.filters.push(parameterFilter(draft.types, name, value, scope));
      return parameter;
  }
}

function count(value: string, most: number): number {
  if (!/^\d{1,30}$/.test(value)) throw invalid('_count', 'it is no whole number');
  return Math.min(Number(value), most);
}

function oneOf<Word extends string>(name: string, value: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === value);
  if (found === undefined) throw invalid(name, `it takes ${words.join(', ')}`);
  return found;
}

function sortKeys(value: string, types: readonly string[], scope: SearchScope): SortKey[] {
  const keys = value.split(',').map((key) => ({ parameter: key.replace(/^-/, ''), descending: key.startsWith('-') }));
  if (keys.length > 5) throw tooCostly('more than 5 sort keys');
  for (const { parameter } of keys) {
    if (parameter === '_id' || parameter === '_lastUpdated') continue;
    const found = requireParameter(types, parameter, scope.definitions);
    if (found.kind === 'composite') throw invalid('_sort', 'a composite has no order');
  }
  return keys;
}

function typesOf(value: string, searched: readonly string[], scope: SearchScope): string[] {
  if (searched.length > 0) throw invalid('_type', 'the address names the type already');
  const types = value.split(',');
  for (const type of types)
    if (!scope.definitions.resourceTypes.has(type)) throw invalid('_type', 'it names a type that is none of FHIR R4');
  return [...new Set(types)];
}
