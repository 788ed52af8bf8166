import type { DatabaseSync } from 'node:sqlite';
import type { Prefix } from '../../fhir/search-query.ts';
import { Bug } from '../../issue/issue-error.ts';
import type { KeptPart, PartTest } from './composite-test.ts';

/** Gives a connection the function `composite_meets(parts of an element, tests of the parts)`, both JSON. */
export function addCompositeFunction(database: DatabaseSync): void {
  let lastText = '';
  let last: PartTest[] = [];
  database.function('composite_meets', { deterministic: true }, (parts, tests) => {
    if (typeof parts !== 'string' || typeof tests !== 'string') throw new Bug('composite_meets takes two texts');
    if (tests !== lastText) {
      last = JSON.parse(tests) as PartTest[];
      lastText = tests;
    }
    const kept = JSON.parse(parts) as KeptPart[];
    return Number(last.every((test, index) => meets(test, kept[index] ?? {})));
  });
}

function meets(test: PartTest, part: KeptPart): boolean {
  switch (test.op) {
    case 'and':
      return test.of.every((item) => meets(item, part));
    case 'or':
      return test.of.some((item) => meets(item, part));
    case 'not':
      return !meets(test.of, part);
    case 't':
      return some(part.t, 2, ([token, system]) => (test.tokens?.includes(token as number) ?? true) && (test.system ?? system) === system);
    case 'n':
      return some(
        part.n,
        4,
        ([value, low, high, unit]) =>
          isNumber(test, value ?? NaN, low ?? -Infinity, high ?? Infinity) && (test.units?.includes(unit as number) ?? true),
      );
    case 'd':
      return some(part.d, 2, ([low, high]) => isDate(test.prefix, low ?? -Infinity, high ?? Infinity, test.low, test.high));
    case 's':
      return some(part.s, 2, ([folded = '', value]) => {
        if (test.match === 'exact') return value === test.value;
        return test.match === 'starts' ? folded.startsWith(test.folded) : folded.includes(test.folded);
      });
    case 'r':
      return some(part.r, 2, ([type, id]) => id === test.id && (test.type ?? type) === type);
    case 'u':
      return part.u?.includes(test.value) ?? false;
    case 'never':
      return false;
  }
}

function some<T>(list: readonly T[] | undefined, width: number, meetsOne: (values: readonly T[]) => boolean): boolean {
  if (list === undefined) return false;
  for (let at = 0; at < list.length; at += width) if (meetsOne(list.slice(at, at + width))) return true;
  return false;
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

function isNumber(test: Extract<PartTest, { op: 'n' }>, v: number, l: number, h: number): boolean {
  const { prefix, value, low, high } = test;
  switch (prefix) {
    case 'eq':
      return v >= low && v < high;
    case 'ne':
      return v < low || v >= high;
    case 'gt':
      return v > value;
    case 'lt':
      return v < value;
    case 'ge':
      return v >= value;
    case 'le':
      return v <= value;
    case 'sa':
      return l >= high;
    case 'eb':
      return h <= low;
    case 'ap':
      return v >= value - Math.abs(value) / 10 && v <= value + Math.abs(value) / 10;
  }
}
