import { inBase, inBaseUnits, UCUM } from '../../fhir/base-units.ts';
import { dateSpan, type Span } from '../../fhir/date-span.ts';
import { numberSpan } from '../../fhir/number-span.ts';
import type { Filter } from '../../fhir/search-query.ts';
import { withPlus } from '../http/query-string.ts';
import { invalid } from './parameter-issues.ts';
import { splitPrefix } from './prefixed-value.ts';
import type { SearchScope } from './search-scope.ts';
import { splitEscaped, unescapeValue } from './value-escapes.ts';

/** A span widened by a tenth of its distance from now. Source: FHIR R4 search, 3.1.1.4.3 (ap) */
export function approximately({ low, high }: Span, now: Date): Span {
  const tenth = Math.abs(now.getTime() - (low + high) / 2) * 0.1;
  return { low: low - tenth, high: high + tenth };
}

/** Fails: parameter-invalid */
export function dateFilter(value: string, parameter: string, scope: SearchScope): Filter {
  const { prefix, rest } = splitPrefix(unescapeValue(value));
  const span = dateSpan(withPlus(rest));
  if (span === undefined)
    throw invalid(parameter, 'it is no date; a date is YYYY, YYYY-MM, YYYY-MM-DD or that with Thh:mm[:ss] and an offset');
  return { op: 'date', parameter, prefix, ...(prefix === 'ap' ? approximately(span, scope.now) : span) };
}

/** Fails: parameter-invalid */
export function numberFilter(value: string, parameter: string): Filter {
  return { op: 'number', parameter, ...orderedNumber(value, parameter) };
}

/**
 * `5.4|http://unitsofmeasure.org|mg`, `5.4||mg` or `5.4`. A unit that UCUM knows is compared in base units, so that 5 mg finds 0.005 g; `within`
 * a composite values are compared as written. Fails: parameter-invalid
 */
export function quantityFilter(value: string, parameter: string, within: 'resource' | 'composite'): Filter {
  const [number = '', system, code, ...more] = splitEscaped(value, '|').map(unescapeValue);
  if (more.length > 0) throw invalid(parameter, 'a quantity is number, number|system|code or number||code');
  const ordered = orderedNumber(number, parameter);
  const base = within === 'resource' && system === UCUM && code !== undefined ? inBaseUnits(ordered, code) : undefined;
  if (base !== undefined && (ordered.prefix !== 'ap' || isMultiple(code as string)))
    return { op: 'quantity', parameter: inBase(parameter), prefix: ordered.prefix, ...base, system: UCUM };
  return {
    op: 'quantity',
    parameter,
    ...ordered,
    ...(system === undefined || system === '' ? {} : { system }),
    ...(code === undefined || code === '' ? {} : { code }),
  };
}

/** Whether nothing of the unit is nothing of its base: a tenth of 37 degrees Celsius is not a tenth of 310 kelvin. */
function isMultiple(code: string): boolean {
  return inBaseUnits({ value: 0, low: 0, high: 0 }, code)?.value === 0;
}

function orderedNumber(text: string, parameter: string) {
  const { prefix, rest } = splitPrefix(text);
  const span = numberSpan(rest);
  if (span === undefined) throw invalid(parameter, 'it is no number');
  return { prefix, ...span };
}
