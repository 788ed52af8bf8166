import { dateSpan } from '../../fhir/date-span.ts';
import { isId } from '../../fhir/primitives.ts';
import type { Filter } from '../../fhir/search-query.ts';
import { approximately } from './ordered-filters.ts';
import { withPlus } from '../http/query-string.ts';
import { invalid } from './parameter-issues.ts';
import { splitPrefix } from './prefixed-value.ts';
import type { SearchScope } from './search-scope.ts';

/** Fails: parameter-invalid (not an id) */
export function idFilter(values: readonly string[], _scope: SearchScope, name: string): Filter {
  if (!values.every(isId)) throw invalid(name, 'an id is 1 to 64 letters, digits, hyphens and dots');
  return { op: 'id', ids: values };
}

/** _list: the members of a List. Fails: parameter-invalid */
export function listFilter(values: readonly string[], scope: SearchScope, name: string): Filter {
  const ids = values.map((value) => value.replace(/^List\//, ''));
  idFilter(ids, scope, name);
  return { op: 'or', of: ids.map((id): Filter => ({ op: 'compartment', type: 'List', id })) };
}

/** _lastUpdated, an instant: every prefix is a bound or two. Fails: parameter-invalid */
export function lastUpdatedFilter(values: readonly string[], scope: SearchScope, name: string): Filter {
  const filters = values.map((value): Filter => {
    const { prefix, rest } = splitPrefix(value);
    const span = dateSpan(withPlus(rest));
    if (span === undefined) throw invalid(name, 'it is no date');
    const { low, high } = prefix === 'ap' ? approximately(span, scope.now) : span;
    switch (prefix) {
      case 'gt':
      case 'sa':
        return { op: 'lastUpdated', from: high };
      case 'ge':
        return { op: 'lastUpdated', from: low };
      case 'lt':
      case 'eb':
        return { op: 'lastUpdated', to: low };
      case 'le':
        return { op: 'lastUpdated', to: high };
      case 'ne':
        return { op: 'not', of: { op: 'lastUpdated', from: low, to: high } };
      default:
        return { op: 'lastUpdated', from: low, to: high };
    }
  });
  return filters.length === 1 ? (filters[0] as Filter) : { op: 'or', of: filters };
}
