import { normaliseString } from '../../fhir/index-values.ts';
import type { Filter } from '../../fhir/search-query.ts';
import { invalid, unsupportedModifier } from './parameter-issues.ts';
import { dateFilter, numberFilter, quantityFilter } from './ordered-filters.ts';
import { referenceFilter } from './reference-filter.ts';
import type { KnownParameter, SearchScope } from './search-scope.ts';
import { tokenFilter } from './token-filter.ts';
import { unescapeValue } from './value-escapes.ts';

/**
 * What one value of a parameter asks, by the kind of the parameter.
 *
 * Fails: parameter-invalid, search-modifier-unsupported, too-costly
 */
export function valueFilter(
  value: string,
  parameter: KnownParameter,
  modifier: string | undefined,
  scope: SearchScope,
  within: 'resource' | 'composite' = 'resource',
): Filter {
  switch (parameter.kind) {
    case 'string':
      return stringFilter(value, parameter.name, modifier);
    case 'uri':
      return uriFilter(value, parameter.name, modifier);
    case 'token':
      return tokenFilter(value, parameter.name, modifier, scope);
    case 'reference':
      return referenceFilter(value, parameter, modifier, scope);
    default:
      if (modifier !== undefined) throw unsupportedModifier(modifier, parameter.name);
      if (parameter.kind === 'date') return dateFilter(value, parameter.name, scope);
      if (parameter.kind === 'quantity') return quantityFilter(value, parameter.name, within);
      return numberFilter(value, parameter.name);
  }
}

function stringFilter(value: string, parameter: string, modifier: string | undefined): Filter {
  const text = unescapeValue(value);
  if (modifier === 'exact') return { op: 'string', parameter, match: 'exact', value: text };
  if (modifier !== undefined && modifier !== 'contains') throw unsupportedModifier(modifier, parameter);
  const normalised = normaliseString(text);
  if (normalised === '') throw invalid(parameter, 'it holds no letter or digit');
  return { op: 'string', parameter, match: modifier ?? 'starts', value: normalised };
}

function uriFilter(value: string, parameter: string, modifier: string | undefined): Filter {
  if (modifier !== undefined && modifier !== 'above' && modifier !== 'below') throw unsupportedModifier(modifier, parameter);
  return { op: 'uri', parameter, match: modifier ?? 'exact', value: unescapeValue(value) };
}
