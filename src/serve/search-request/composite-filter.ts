import type { Filter } from '../../fhir/search-query.ts';
import { invalid, unsupportedModifier } from './parameter-issues.ts';
import type { KnownParameter, SearchScope } from './search-scope.ts';
import { splitEscaped } from './value-escapes.ts';
import { valueFilter } from './value-filter.ts';

/**
 * A composite: one value for each of its parts, all to hold of the same element.
 *
 * Shape: code-value-quantity=http://loinc.org|8480-6$gt140
 * Fails: parameter-invalid, search-modifier-unsupported
 */
export function compositeFilter(value: string, parameter: KnownParameter, modifier: string | undefined, scope: SearchScope): Filter {
  if (modifier !== undefined) throw unsupportedModifier(modifier, parameter.name);
  const values = splitEscaped(value, '$');
  if (values.length !== parameter.components.length)
    throw invalid(parameter.name, `it takes ${parameter.components.length} values joined by $`);
  const parts = parameter.components.map(({ definition }, index) => {
    const part = scope.definitions.find('SearchParameter', definition);
    const text = values[index] as string;
    if (part === undefined || text === '') throw invalid(parameter.name, 'one of its parts is empty or not known');
    return valueFilter(
      text,
      { name: part.code, kind: part.type, targets: part.target ?? [], components: [] },
      undefined,
      scope,
      'composite',
    );
  });
  return { op: 'composite', parameter: parameter.name, parts };
}
