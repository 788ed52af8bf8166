import { Bug } from '../issue/issue-error.ts';
import type { CompartmentParameters } from './compartments.ts';
import { type IndexValues, normaliseString } from './index-values.ts';
import type { Filter, Prefix } from './search-query.ts';

/** A resource as a filter sees it. */
export interface Judged {
  readonly type: string;
  readonly id: string;
  /** UTC ms. */
  readonly lastUpdated: number;
  readonly values: IndexValues;
}

/** Whether a filter can be judged by the one resource: no chain, no _has, no list or group looked into. */
export function isAboutOne(filter: Filter): boolean {
  switch (filter.op) {
    case 'and':
    case 'or':
      return filter.of.every(isAboutOne);
    case 'not':
      return isAboutOne(filter.of);
    case 'chain':
    case 'has':
      return false;
    case 'compartment':
      return filter.type !== 'List' && filter.type !== 'Group';
    default:
      return true;
  }
}

/** Whether a resource meets a filter that isAboutOne: what a search of it would find, said of a version that no index holds any more. */
export function meetsFilter(filter: Filter, judged: Judged, compartments: CompartmentParameters): boolean {
  const { values } = judged;
  switch (filter.op) {
    case 'and':
      return filter.of.every((part) => meetsFilter(part, judged, compartments));
    case 'or':
      return filter.of.some((part) => meetsFilter(part, judged, compartments));
    case 'not':
      return !meetsFilter(filter.of, judged, compartments);
    case 'id':
      return filter.ids.includes(judged.id);
    case 'lastUpdated':
      return judged.lastUpdated >= (filter.from ?? -Infinity) && judged.lastUpdated < (filter.to ?? Infinity);
    case 'missing':
      return filter.missing !== hasValue(values, filter.parameter);
    case 'compartment': {
      const { type, id } = filter;
      if (judged.type === type && judged.id === id) return true;
      const parameters = compartments(type, judged.type);
      return values.references.some((found) => found.type === type && found.id === id && parameters.includes(found.parameter));
    }
    case 'composite':
      return values.composites.some(
        ({ parameter, parts }) =>
          parameter === filter.parameter &&
          filter.parts.every((part, index) => parts[index] !== undefined && partMeets(part, parts[index])),
      );
    case 'chain':
    case 'has':
      throw new Bug('a chain cannot be judged by one resource');
    default:
      return valueMeets(filter, values, (parameter) => parameter === filter.parameter);
  }
}

type Valued = Exclude<
  Filter,
  { op: 'and' | 'or' | 'not' | 'id' | 'lastUpdated' | 'missing' | 'chain' | 'has' | 'compartment' | 'composite' }
>;

/** The parts of a composite are compared by their place: the names of their parameters do not matter. */
function partMeets(filter: Filter, values: IndexValues): boolean {
  if (filter.op === 'and') return filter.of.every((part) => partMeets(part, values));
  if (filter.op === 'or') return filter.of.some((part) => partMeets(part, values));
  return valueMeets(filter as Valued, values, () => true);
}

function valueMeets(filter: Valued, values: IndexValues, isIts: (parameter: string) => boolean): boolean {
  switch (filter.op) {
    case 'token':
      return values.tokens.some((token) => isIts(token.parameter) && fits(filter.system, token.system) && fits(filter.code, token.code));
    case 'tokenText': {
      const asked = normaliseString(filter.value);
      return values.tokens.some(({ parameter, text = '' }) => isIts(parameter) && text !== '' && normaliseString(text).startsWith(asked));
    }
    case 'ofType':
      return values.tokens.some(
        ({ parameter, code, types = [] }) =>
          isIts(parameter) && code === filter.value && types.some((type) => type.system === filter.system && type.code === filter.code),
      );
    case 'string': {
      const asked = filter.match === 'exact' ? filter.value : normaliseString(filter.value);
      return values.strings.some(({ parameter, value, normalised }) => {
        if (!isIts(parameter)) return false;
        if (filter.match === 'exact') return value === asked;
        return filter.match === 'starts' ? normalised.startsWith(asked) : normalised.includes(asked);
      });
    }
    case 'date':
      return values.dates.some((date) => isIts(date.parameter) && dateMeets(filter.prefix, date, filter));
    case 'number':
      return values.numbers.some((number) => isIts(number.parameter) && numberMeets(filter.prefix, number, filter));
    case 'quantity':
      return values.quantities.some((quantity) => {
        if (!isIts(quantity.parameter) || !numberMeets(filter.prefix, quantity, filter)) return false;
        const { system = '', code } = filter;
        if (system !== '') return quantity.system === system && fits(code, quantity.code);
        return code === undefined || quantity.code === code || quantity.unit === code;
      });
    case 'reference': {
      const { type, id, url } = filter;
      return values.references.some((found) => {
        if (!isIts(found.parameter)) return false;
        if (url !== undefined && found.url === url) return true;
        if (id !== undefined) return found.id === id && fits(type, found.type);
        return url === undefined && found.id !== undefined && fits(type, found.type);
      });
    }
    case 'referenceIdentifier':
      return values.references.some(
        ({ parameter, identifier }) =>
          isIts(parameter) && identifier !== undefined && fits(filter.system, identifier.system) && fits(filter.value, identifier.value),
      );
    case 'uri':
      return values.uris.some(({ parameter, value }) => {
        if (!isIts(parameter)) return false;
        if (filter.match === 'exact' || value === filter.value) return value === filter.value;
        return filter.match === 'below' ? isBelow(value, filter.value) : isBelow(filter.value, value);
      });
  }
}

function isBelow(uri: string, folder: string): boolean {
  return uri.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

function fits(asked: string | undefined, found: string | undefined): boolean {
  return asked === undefined || asked === found;
}

function hasValue(values: IndexValues, parameter: string): boolean {
  return Object.values(values as unknown as Record<string, readonly { parameter: string }[]>).some((list) =>
    list.some((value) => value.parameter === parameter),
  );
}

interface Span {
  readonly low: number;
  readonly high: number;
}

function dateMeets(prefix: Prefix, date: Span, asked: Span): boolean {
  const equals = date.low >= asked.low && date.high <= asked.high;
  switch (prefix) {
    case 'eq':
      return equals;
    case 'ne':
      return !equals;
    case 'gt':
      return date.high > asked.high;
    case 'lt':
      return date.low < asked.low;
    case 'ge':
      return equals || date.high > asked.high;
    case 'le':
      return equals || date.low < asked.low;
    case 'sa':
      return date.low >= asked.high;
    case 'eb':
      return date.high <= asked.low;
    case 'ap':
      return date.low < asked.high && date.high > asked.low;
  }
}

function numberMeets(prefix: Prefix, found: Span & { readonly value: number }, asked: Span & { readonly value: number }): boolean {
  const { value } = found;
  const equals = value >= asked.low && value < asked.high;
  switch (prefix) {
    case 'eq':
      return equals;
    case 'ne':
      return !equals;
    case 'gt':
      return value > asked.value;
    case 'lt':
      return value < asked.value;
    case 'ge':
      return value >= asked.value;
    case 'le':
      return value <= asked.value;
    case 'sa':
      return found.low >= asked.high;
    case 'eb':
      return found.high <= asked.low;
    case 'ap':
      return Math.abs(value - asked.value) <= Math.abs(asked.value) / 10;
  }
}
