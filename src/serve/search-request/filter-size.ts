import type { Filter } from '../../fhir/search-query.ts';

/** How many values a filter compares with: what a database's statement grows by. */
export function filterSize(filter: Filter): number {
  switch (filter.op) {
    case 'and':
    case 'or':
      return filter.of.reduce((sum, part) => sum + filterSize(part), 0);
    case 'not':
      return filterSize(filter.of);
    case 'chain':
    case 'has':
      return 1 + filterSize(filter.filter);
    case 'composite':
      return filter.parts.reduce((sum, part) => sum + filterSize(part), 0);
    case 'id':
      return filter.ids.length;
    default:
      return 1;
  }
}
