import { type IndexValues, normaliseString } from '../../fhir/index-values.ts';
import type { Filter, Prefix } from '../../fhir/search-query.ts';

/** The values of one part of a composite's element; the names of parameters are left out. Infinity is null in its JSON. */
export type Element = Partial<IndexValues>;

/** Whether the values of one element meet a filter on values. What a part cannot ask for, such as a chain, nothing meets. */
export function elementMeets(filter: Filter, element: Element): boolean {
  switch (filter.op) {
    case 'and':
      return filter.of.every((part) => elementMeets(part, element));
    case 'or':
      return filter.of.some((part) => elementMeets(part, element));
    case 'not':
      return !elementMeets(filter.of, element);
    case 'token':
      return (element.tokens ?? []).some((token) => isToken(token, filter.system, filter.code));
    case 'tokenText': {
      const folded = normaliseString(filter.value);
      return (element.tokens ?? []).some(
        (token) => token.text !== undefined && token.text !== '' && normaliseString(token.text).startsWith(folded),
      );
    }
    case 'string':
      return (element.strings ?? []).some((string) => isString(string, filter.match, filter.value));
    case 'date':
      return (element.dates ?? []).some((date) =>
        isDate(filter.prefix, date.low ?? -Infinity, date.high ?? Infinity, filter.low, filter.high),
      );
    case 'number':
      return (element.numbers ?? []).some((number) => isNumber(filter.prefix, number, filter));
    case 'quantity':
      return (element.quantities ?? []).some((quantity) => isNumber(filter.prefix, quantity, filter) && isUnit(quantity, filter));
    case 'uri':
      return (element.uris ?? []).some(({ value }) => value === filter.value);
    case 'reference':
      return (element.references ?? []).some(
        (found) =>
          (filter.url !== undefined && found.url === filter.url) ||
          (filter.id !== undefined && found.id === filter.id && (filter.type === undefined || found.type === filter.type)),
      );
    default:
      return false;
  }
}

function isToken(found: { readonly system: string; readonly code: string }, system: string | undefined, code: string | undefined): boolean {
  return (system === undefined || found.system === system) && (code === undefined || found.code === code);
}

function isString(
  found: { readonly value: string; readonly normalised: string },
  how: 'starts' | 'exact' | 'contains',
  value: string,
): boolean {
  if (how === 'exact') return found.value === value;
  const folded = normaliseString(value);
  return how === 'starts' ? found.normalised.startsWith(folded) : found.normalised.includes(folded);
}

function isDate(prefix: Prefix, l: number, h: number, low: number, high: number): boolean {
  const equal = l >= low && h <= high;
  switch (prefix) {
    case 'eq':
      return equal;
    case 'ne':
      return !equal;
    case 'gt':
      return h > high;
    case 'lt':
      return l < low;
    case 'ge':
      return h > high || equal;
    case 'le':
      return l < low || equal;
    case 'sa':
      return l >= high;
    case 'eb':
      return h <= low;
    case 'ap':
      return l < high && h > low;
  }
}

interface Span {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

function isNumber(prefix: Prefix, found: Span, asked: Span): boolean {
  const { value, low, high } = asked;
  switch (prefix) {
    case 'eq':
      return found.value >= low && found.value < high;
    case 'ne':
      return found.value < low || found.value >= high;
    case 'gt':
      return found.value > value;
    case 'lt':
      return found.value < value;
    case 'ge':
      return found.value >= value;
    case 'le':
      return found.value <= value;
    case 'sa':
      return (found.low ?? -Infinity) >= high;
    case 'eb':
      return (found.high ?? Infinity) <= low;
    case 'ap':
      return found.value >= value - Math.abs(value) / 10 && found.value <= value + Math.abs(value) / 10;
  }
}

function isUnit(
  found: { readonly system: string; readonly code: string; readonly unit: string },
  asked: { readonly system?: string; readonly code?: string },
): boolean {
  if (asked.system !== undefined && asked.system !== '')
    return found.system === asked.system && (asked.code === undefined || found.code === asked.code);
  return asked.code === undefined || found.code === asked.code || found.unit === asked.code;
}
