import { normaliseString } from '../../fhir/index-values.ts';
import type { Filter, Prefix } from '../../fhir/search-query.ts';
import { unitsOf } from './match-number.ts';
import type { Scope } from './scope.ts';

/**
 * One part of a composite's element as it is kept: flat lists of what the small integers of the dictionary leave of it.
 *
 * Shape: {"t":[12,4],"n":[6.3,6.25,6.35,1]}; no list, no values. Infinity is null.
 */
export interface KeptPart {
  /** token, system */
  readonly t?: readonly number[];
  /** value, low, high, unit */
  readonly n?: readonly (number | null)[];
  /** low, high */
  readonly d?: readonly (number | null)[];
  /** folded, value */
  readonly s?: readonly string[];
  /** type, id */
  readonly r?: readonly string[];
  readonly u?: readonly string[];
}

/** What a kept part must meet: a filter with its names looked up. */
export type PartTest =
  | { readonly op: 'and' | 'or'; readonly of: readonly PartTest[] }
  | { readonly op: 'not'; readonly of: PartTest }
  | { readonly op: 't'; readonly tokens?: readonly number[]; readonly system?: number }
  | {
      readonly op: 'n';
      readonly prefix: Prefix;
      readonly value: number;
      readonly low: number;
      readonly high: number;
      readonly units?: readonly number[];
    }
  | { readonly op: 'd'; readonly prefix: Prefix; readonly low: number; readonly high: number }
  | { readonly op: 's'; readonly match: 'starts' | 'exact' | 'contains'; readonly folded: string; readonly value: string }
  | { readonly op: 'r'; readonly type?: string; readonly id: string }
  | { readonly op: 'u'; readonly value: string }
  /** What a part cannot ask for, such as a chain or a modifier: nothing meets it. */
  | { readonly op: 'never' };

/** The test of a filter. */
export function partTestOf(scope: Scope, filter: Filter): PartTest {
  switch (filter.op) {
    case 'and':
    case 'or':
      return { op: filter.op, of: filter.of.map((part) => partTestOf(scope, part)) };
    case 'not':
      return { op: 'not', of: partTestOf(scope, filter.of) };
    case 'token':
      return tokenTest(scope, filter.system, filter.code);
    case 'number':
      return { op: 'n', prefix: filter.prefix, value: filter.value, low: filter.low, high: filter.high };
    case 'quantity': {
      const { prefix, value, low, high } = filter;
      const units = unitsOf(scope, filter.system, filter.code);
      return { op: 'n', prefix, value, low, high, ...(units === undefined ? {} : { units }) };
    }
    case 'date':
      return { op: 'd', prefix: filter.prefix, low: filter.low, high: filter.high };
    case 'string':
      return { op: 's', match: filter.match, folded: normaliseString(filter.value), value: filter.value };
    case 'uri':
      return filter.match === 'exact' ? { op: 'u', value: filter.value } : { op: 'never' };
    case 'reference':
      if (filter.url !== undefined) return { op: 'u', value: filter.url };
      return filter.id === undefined
        ? { op: 'never' }
        : { op: 'r', id: filter.id, ...(filter.type === undefined ? {} : { type: filter.type }) };
    default:
      return { op: 'never' };
  }
}

function tokenTest(scope: Scope, system: string | undefined, code: string | undefined): PartTest {
  const number = system === undefined ? undefined : scope.system(system);
  if (code === undefined) return number === undefined ? { op: 't' } : { op: 't', system: number };
  const found =
    number === undefined
      ? scope.statements.all('SELECT token FROM token WHERE code = ?', code)
      : scope.statements.all('SELECT token FROM token WHERE code = ? AND system = ?', code, number);
  return { op: 't', tokens: found.map((row) => Number(row['token'])) };
}
