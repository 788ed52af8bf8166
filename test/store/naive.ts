import { type IndexValues, normaliseString } from '../../src/fhir/index-values.ts';
import type { Filter, Prefix, SortKey } from '../../src/fhir/search-query.ts';
import type { StoreSettings } from '../../src/store/store.ts';

/** A resource as the oracle of search sees it. */
export interface Entry {
  readonly type: string;
  readonly id: string;
  readonly updated: number;
  readonly values: IndexValues;
}

/** What search means, said as plainly as it can be: the oracle every store is compared with. `entries` are the live ones. */
export class NaiveSearch {
  readonly #entries: readonly Entry[];
  readonly #compartment: StoreSettings['compartmentParameters'];

  constructor(entries: readonly Entry[], compartment: StoreSettings['compartmentParameters']) {
    this.#entries = entries;
    this.#compartment = compartment;
  }

  /** The entries that meet the filter, in the order they were given. */
  find(types: readonly string[], filter: Filter): Entry[] {
    return this.#entries.filter((entry) => (types.length === 0 || types.includes(entry.type)) && this.#meets(filter, entry));
  }

  #meets(filter: Filter, entry: Entry): boolean {
    switch (filter.op) {
      case 'and':
        return filter.of.every((part) => this.#meets(part, entry));
      case 'or':
        return filter.of.some((part) => this.#meets(part, entry));
      case 'not':
        return !this.#meets(filter.of, entry);
      case 'id':
        return filter.ids.includes(entry.id);
      case 'lastUpdated':
        return entry.updated >= (filter.from ?? -Infinity) && entry.updated < (filter.to ?? Infinity);
      case 'missing':
        return filter.missing !== allValues(entry.values).some((value) => value.parameter === filter.parameter);
      case 'chain':
        return this.#entries.some(
          (other) => filter.types.includes(other.type) && refers(entry, filter.parameter, other) && this.#meets(filter.filter, other),
        );
      case 'has':
        return this.#entries.some(
          (other) => other.type === filter.type && refers(other, filter.parameter, entry) && this.#meets(filter.filter, other),
        );
      case 'compartment': {
        const membership = filter.type === 'List' ? 'item' : filter.type === 'Group' ? 'member' : undefined;
        if (membership !== undefined) {
          return this.#entries.some((other) => other.type === filter.type && other.id === filter.id && refers(other, membership, entry));
        }
        const parameters = this.#compartment(filter.type, entry.type);
        return (entry.type === filter.type && entry.id === filter.id) || parameters.some((parameter) => refers(entry, parameter, filter));
      }
      default:
        return valuesMeet(filter, entry.values);
    }
  }
}

type ValueFilter = Exclude<Filter, { op: 'and' | 'or' | 'not' | 'id' | 'lastUpdated' | 'missing' | 'chain' | 'has' | 'compartment' }>;

function valuesMeet(filter: ValueFilter, values: IndexValues): boolean {
  const by = <T extends { readonly parameter: string }>(list: readonly T[]): T[] =>
    list.filter((value) => value.parameter === filter.parameter);
  switch (filter.op) {
    case 'token':
      return by(values.tokens).some((token) => isOr(filter.system, token.system) && isOr(filter.code, token.code));
    case 'tokenText':
      return by(values.tokens).some(
        (token) => (token.text ?? '') !== '' && normaliseString(token.text ?? '').startsWith(normaliseString(filter.value)),
      );
    case 'ofType':
      return by(values.tokens).some(
        (token) =>
          token.code === filter.value && (token.types ?? []).some((type) => type.system === filter.system && type.code === filter.code),
      );
    case 'string':
      return by(values.strings).some(({ value, normalised }) => {
        if (filter.match === 'exact') return value === filter.value;
        const asked = normaliseString(filter.value);
        return filter.match === 'starts' ? normalised.startsWith(asked) : normalised.includes(asked);
      });
    case 'date':
      return by(values.dates).some((date) => dateMeets(filter.prefix, date.low, date.high, filter.low, filter.high));
    case 'number':
      return by(values.numbers).some((number) => numberMeets(filter.prefix, number, filter));
    case 'quantity':
      return by(values.quantities).some((quantity) => {
        if (!numberMeets(filter.prefix, quantity, filter)) return false;
        if (filter.system !== undefined && filter.system !== '')
          return quantity.system === filter.system && isOr(filter.code, quantity.code);
        return filter.code === undefined || quantity.code === filter.code || quantity.unit === filter.code;
      });
    case 'reference':
      return by(values.references).some(
        (found) =>
          (filter.url !== undefined && found.url === filter.url) ||
          (filter.id !== undefined && found.id === filter.id && isOr(filter.type, found.type)) ||
          (filter.id === undefined && filter.url === undefined && found.id !== undefined && isOr(filter.type, found.type)),
      );
    case 'referenceIdentifier':
      return by(values.references).some(
        ({ identifier }) => identifier !== undefined && isOr(filter.system, identifier.system) && isOr(filter.value, identifier.value),
      );
    case 'uri':
      return by(values.uris).some(({ value }) => {
        if (filter.match === 'exact') return value === filter.value;
        return filter.match === 'below' ? isUnder(value, filter.value) : isUnder(filter.value, value);
      });
    case 'composite':
      return by(values.composites).some(({ parts }) =>
        filter.parts.every((part, index) => {
          const of = parts[index];
          return of !== undefined && partMeets(part, of);
        }),
      );
  }
}

function partMeets(filter: Filter, values: IndexValues): boolean {
  if (filter.op === 'and') return filter.of.every((part) => partMeets(part, values));
  if (filter.op === 'or') return filter.of.some((part) => partMeets(part, values));
  return valuesMeet(filter as ValueFilter, values);
}

function isUnder(value: string, folder: string): boolean {
  return value === folder || value.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

function isOr(asked: string | undefined, found: string | undefined): boolean {
  return asked === undefined || asked === found;
}

function dateMeets(prefix: Prefix, l: number, h: number, low: number, high: number): boolean {
  const eq = l >= low && h <= high;
  return {
    eq,
    ne: !eq,
    gt: h > high,
    lt: l < low,
    ge: h > high || eq,
    le: l < low || eq,
    sa: l >= high,
    eb: h <= low,
    ap: l < high && h > low,
  }[prefix];
}

interface Span {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

function numberMeets(prefix: Prefix, found: Span, { value, low, high }: Span): boolean {
  const v = found.value;
  const eq = v >= low && v < high;
  return {
    eq,
    ne: !eq,
    gt: v > value,
    lt: v < value,
    ge: v >= value,
    le: v <= value,
    sa: found.low >= high,
    eb: found.high <= low,
    ap: v >= value - Math.abs(value) / 10 && v <= value + Math.abs(value) / 10,
  }[prefix];
}

function refers(from: Entry, parameter: string, to: { readonly type: string; readonly id: string }): boolean {
  return from.values.references.some((found) => found.parameter === parameter && found.type === to.type && found.id === to.id);
}

function allValues(values: IndexValues): { readonly parameter: string }[] {
  return Object.values(values as unknown as Record<string, { readonly parameter: string }[]>).flat();
}

/** The entries (newest first) in the order asked: what has no value last, then as they were. */
export function naiveOrder(entries: readonly Entry[], sort: readonly SortKey[]): Entry[] {
  return entries.toSorted((a, b) => {
    for (const key of sort) {
      const [x, y] = [sortValue(a, key), sortValue(b, key)];
      if (x === y) continue;
      if (x === undefined || y === undefined) return x === undefined ? 1 : -1;
      return (x < y ? -1 : 1) * (key.descending ? -1 : 1);
    }
    return 0;
  });
}

function sortValue(entry: Entry, { parameter, descending }: SortKey): string | number | undefined {
  if (parameter === '_id') return entry.id;
  if (parameter === '_lastUpdated') return entry.updated;
  const by = <T extends { readonly parameter: string }, V>(list: readonly T[], value: (item: T) => V): V[] =>
    list.filter((item) => item.parameter === parameter).map(value);
  const { dates, strings, numbers, quantities, tokens, uris } = entry.values;
  const values: (string | number)[] = [
    ...by(dates, (date) => date.low),
    ...by(strings, (string) => string.normalised),
    ...by([...numbers, ...quantities], (number) => number.value),
    ...by(tokens, (token) => token.code),
    ...by(uris, (uri) => uri.value),
  ];
  return values.sort((x, y) => (x < y ? -1 : x > y ? 1 : 0)).at(descending ? -1 : 0);
}
