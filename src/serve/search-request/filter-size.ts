import type { Filter } from '../../fhir/search-query.ts';

/** A value that is no name to look up, such as a date, a number or a text, counts for so many that are. */
const MORE = 5;

const NAMES: ReadonlySet<Filter['op']> = new Set(['token', 'ofType', 'reference', 'referenceIdentifier', 'uri']);

/** How many values a filter compares with. Names become one list; every other value is a search of its own in the database's statement. */
export function filterSize(filter: Filter): number {
  switch (filter.op) {
    case 'and':
    case 'or':
      return filter.of.reduce((sum, part) => sum + filterSize(part), 0);
    case 'not':
      return filterSize(filter.of);
    case 'chain':
    case 'has':
      return MORE + filterSize(filter.filter);
    case 'composite':
      return MORE + filter.parts.reduce((sum, part) => sum + filterSize(part), 0);
    case 'id':
      return filter.ids.length;
    default:
      return NAMES.has(filter.op) ? 1 : MORE;
  }
}
