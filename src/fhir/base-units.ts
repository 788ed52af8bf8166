import { createRequire } from 'node:module';
import type { NumberSpan } from './number-span.ts';

/** The system of UCUM codes. */
export const UCUM = 'http://unitsofmeasure.org';

/** A quantity in the base units of UCUM. Shape: 5 mg is { value: 0.005, code: 'g' } */
export interface BaseQuantity extends NumberSpan {
  readonly code: string;
}

interface Converted {
  readonly status: string;
  readonly magnitude?: number;
  readonly unitToExp?: Readonly<Record<string, number>>;
  readonly fromUnitIsSpecial?: boolean;
}

interface Ucum {
  convertToBaseUnits(code: string, value: number): Converted;
}

/** How a unit becomes base units. `factor` undefined: not a mere multiple, as degrees Celsius. */
interface Unit {
  readonly code: string;
  readonly factor: number | undefined;
}

/**
 * The form of a unit, without parentheses, which few units need: those stay as written. It stands before the engine because that prints what makes it stumble,
 * and what a sender puts into a unit may be anything. Source: UCUM, section 2.1
 */
const ATOM = '(?:10[*^]|(?:[A-Za-z%\'"]|\\[[^\\][{}\\s]+\\])+)';
const COMPONENT = `(?:(?:${ATOM}(?:[+-]?\\d{1,2})?|\\d{1,9})(?:\\{[^{}\\s]*\\})?|\\{[^{}\\s]*\\})`;
const UNIT = new RegExp(`^(?=.{1,100}$)/?${COMPONENT}(?:[./]${COMPONENT})*$`);

const MOST_UNITS = 10_000;
const units = new Map<string, Unit | undefined>();
let ucum: Ucum | undefined;

/** The UCUM engine takes 30 ms to load, so it waits for the first quantity that asks for it. */
function engine(): Ucum {
  if (ucum === undefined) {
    const load = createRequire(import.meta.url);
    ucum = (load('@lhncbc/ucum-lhc') as { UcumLhcUtils: { getInstance(): Ucum } }).UcumLhcUtils.getInstance();
  }
  return ucum;
}

function readUnit(code: string): Unit | undefined {
  const { status, magnitude, unitToExp, fromUnitIsSpecial } = engine().convertToBaseUnits(code, 1);
  if (status !== 'succeeded' || magnitude === undefined || unitToExp === undefined) return undefined;
  const terms = Object.entries(unitToExp).sort(([left], [right]) => (left < right ? -1 : 1));
  const base = terms.map(([unit, power]) => (power === 1 ? unit : `${unit}${power}`)).join('.');
  return { code: base === '' ? '1' : base, factor: fromUnitIsSpecial === true ? undefined : magnitude };
}

function unitOf(code: string): Unit | undefined {
  if (units.has(code)) return units.get(code);
  if (units.size >= MOST_UNITS) units.clear();
  const unit = UNIT.test(code) ? readUnit(code) : undefined;
  units.set(code, unit);
  return unit;
}

/**
 * A quantity in UCUM base units, so that 5 mg and 0.005 g are one. Undefined when the code is not UCUM or, as an international unit, has no
 * base. Rounded to 12 digits, so that the way of the conversion leaves no trace.
 */
export function inBaseUnits(quantity: NumberSpan, ucumCode: string): BaseQuantity | undefined {
  if (quantity !== last.quantity || ucumCode !== last.ucumCode) last = { quantity, ucumCode, base: toBaseUnits(quantity, ucumCode) };
  return last.base;
}

/** Several search parameters ask for one quantity, one after the other. */
let last: { readonly quantity?: NumberSpan; readonly ucumCode?: string; readonly base?: BaseQuantity | undefined } = {};

function toBaseUnits(quantity: NumberSpan, ucumCode: string): BaseQuantity | undefined {
  const unit = unitOf(ucumCode);
  if (unit === undefined) return undefined;
  const convert = (value: number) => {
    const converted = unit.factor === undefined ? engine().convertToBaseUnits(ucumCode, value).magnitude : value * unit.factor;
    return Number((converted ?? Number.NaN).toPrecision(12));
  };
  const [one, other] = [convert(quantity.low), convert(quantity.high)];
  const value = convert(quantity.value);
  if (!Number.isFinite(value + one + other)) return undefined;
  return { code: unit.code, value, low: Math.min(one, other), high: Math.max(one, other) };
}

/**
 * Under which name a quantity parameter is indexed in base units, beside the values as written. Not within composites.
 *
 * Shape: inBase('value-quantity') is 'value-quantity:base'
 */
export function inBase(parameter: string): string {
  return `${parameter}:base`;
}
