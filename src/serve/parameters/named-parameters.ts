import type { Filter, SearchQuery } from '../../fhir/search-query.ts';

/** A search parameter as a search names it. */
export interface NamedParameter {
  /** Empty: every type. */
  readonly types: readonly string[];
  readonly code: string;
}

/** The parameters a search finds, sorts and includes by. */
export function parametersOf({
  types,
  filter,
  sort,
  includes,
}: Pick<SearchQuery, 'types' | 'filter' | 'sort' | 'includes'>): NamedParameter[] {
  return [
    ...parametersIn(filter, types),
    ...sort.map(({ parameter }) => ({ types, code: parameter })),
    ...includes.flatMap(({ source, parameter }) => (parameter === undefined ? [] : [{ types: [source], code: parameter }])),
  ];
}

/** Those of a filter about resources of these types. */
export function parametersIn(filter: Filter, types: readonly string[]): NamedParameter[] {
  switch (filter.op) {
    case 'and':
    case 'or':
      return filter.of.flatMap((part) => parametersIn(part, types));
    case 'not':
      return parametersIn(filter.of, types);
    case 'id':
    case 'lastUpdated':
    case 'compartment':
      return [];
    case 'chain':
      return [{ types, code: filter.parameter }, ...parametersIn(filter.filter, filter.types)];
    case 'has':
      return [{ types: [filter.type], code: filter.parameter }, ...parametersIn(filter.filter, [filter.type])];
    default:
      return [{ types, code: filter.parameter }];
  }
}
