import { setDecimal } from '../../fhir/written-number.ts';
import type { Conversion, Frame, RowFacts } from '../run.ts';
import { Chosen, Decimal, type Node } from '../node.ts';
import type { Value } from '../value.ts';
import { ORIGINAL_TEXT } from './times.ts';
import { addUnit, unitText } from './units.ts';

/** As JSON writes it already. */
const PLAIN_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;
const COMPARED = /^(<=|>=|<|>)\s*(\S+)$/;

/**
 * A v2 number as JSON writes it, with the digits it was sent with; undefined when it is none.
 *
 * Shape: '+07.50' -> '7.50', '.5' -> '0.5', '12.' -> '12'
 */
export function jsonNumber(text: string): string | undefined {
  const trimmed = text.trim();
  if (PLAIN_NUMBER.test(trimmed)) return trimmed;
  if (!NUMBER.test(trimmed)) return undefined;
  const sign = trimmed.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = trimmed.replace(/^[+-]/, '').split('.');
  const digits = whole.replace(/^0+(?=\d)/, '') || '0';
  return `${sign}${digits}${fraction === '' ? '' : `.${fraction}`}`;
}

/** A Quantity of a number and a comparator. */
function quantity(number: string, comparator: string, unit: Value | undefined, frame: Frame): Node {
  const made: Node = {};
  setDecimal(made, 'value', number);
  if (comparator !== '') made['comparator'] = comparator;
  if (unit !== undefined) addUnit(made, unit, frame);
  return made;
}

/** A number: the digits stay as they were sent. Fails: data-type-invalid (a warning where the element can be left out) */
function decimalFromNm(value: Value, frame: Frame, facts: RowFacts): Decimal | undefined {
  const number = jsonNumber(value.first);
  return number === undefined ? invalid(value, frame, facts) : new Decimal(number);
}

function wholeFromNm(least: number) {
  return (value: Value, frame: Frame, facts: RowFacts): number | undefined => {
    const number = Number(jsonNumber(value.first) ?? Number.NaN);
    return Number.isInteger(number) && number >= least && number < 2 ** 31 ? number : invalid(value, frame, facts);
  };
}

function invalid(value: Value, frame: Frame, facts: RowFacts): undefined {
  frame.run.report('data-type-invalid', value, facts, { type: 'NM', ...(facts.required ? {} : { severity: 'warning' }) });
  return undefined;
}

/**
 * A result declared a number: a Quantity, with the units of the other field; what is none is kept as text.
 *
 * Shape: 13.20 -> value 13.20; '<15' -> comparator < value 15; '1+' -> valueString, with a warning
 * Fails: number-unreadable (a warning)
 */
function valueFromNm(value: Value, frame: Frame, facts: RowFacts, unit?: Value): Chosen | undefined {
  const text = value.text.trim();
  if (text === '') return undefined;
  const [, comparator = '', rest = text] = COMPARED.exec(text) ?? [];
  const number = jsonNumber(rest);
  if (number !== undefined) return new Chosen('valueQuantity', quantity(number, comparator, unit, frame));
  frame.run.report('number-unreadable', value, facts);
  return new Chosen('valueString', withUnit(text, unit));
}

/** A Quantity with its comparator; what is no number gives none. Fails: number-unreadable (a warning) */
function quantityFromNm(value: Value, frame: Frame, facts: RowFacts, unit?: Value): Node | undefined {
  const chosen = valueFromNm(value, frame, facts, unit);
  return chosen?.name === 'valueQuantity' ? (chosen.value as Node) : undefined;
}

/**
 * A structured number: Quantity, Range, Ratio, or text where it is none of them.
 *
 * Shape: '>^100' -> comparator > value 100; '^1^:^128' -> Ratio; '^100^-^200' -> Range; '^2^+' -> text "2 +"
 * Source: HL7 v2.5.1 chapter 2A, SN; decisions 9 and 10
 */
function valueFromSn(value: Value, frame: Frame, _: RowFacts, unit?: Value): Chosen | undefined {
  const parts = [value.part(1), value.part(2), value.part(3), value.part(4)].map((part) => part.trim());
  const original = parts.filter((part) => part !== '').join(' ');
  if (original === '') return undefined;
  const [sign = '', first = '', separator = '', second = ''] = parts;
  // SN.1 holding both, as "<0.10" does.
  const [, merged = '', mergedNumber = ''] = first === '' ? (COMPARED.exec(sign) ?? []) : [];
  const comparator = merged || (sign === '=' ? '' : sign);
  const low = jsonNumber(merged === '' ? first : mergedNumber);
  const high = jsonNumber(second);
  const known = comparator === '' || ['<', '<=', '>', '>='].includes(comparator);
  const text = () => new Chosen('valueString', withUnit(original, unit));
  if (!known || low === undefined || separator === '+') return text();
  const keep = (made: Node) => ({ extension: [{ url: ORIGINAL_TEXT, valueString: original }], ...made });
  if (separator === '' && second === '') return new Chosen('valueQuantity', quantity(low, comparator, unit, frame));
  if (high === undefined) return text();
  if (separator === '-') {
    return new Chosen('valueRange', keep({ low: quantity(low, '', unit, frame), high: quantity(high, '', unit, frame) }));
  }
  if (separator !== ':' && separator !== '/') return text();
  const numerator = quantity(low, comparator, unit, frame);
  const denominator = quantity(high, '', unit, frame);
  return new Chosen('valueRatio', keep({ numerator, denominator }));
}

function withUnit(text: string, unit: Value | undefined): string {
  const words = unit === undefined ? '' : unitText(unit);
  return words === '' ? text : `${text} ${words}`;
}

/**
 * An interval of numbers. Shape: 3.5^5.0 -> low 3.5, high 5.0; either may be missing
 *
 * Fails: number-unreadable (a warning)
 */
function rangeFromNr(value: Value, frame: Frame, facts: RowFacts, unit?: Value): Node | undefined {
  const made: Node = {};
  for (const [name, part] of [
    ['low', value.part(1)],
    ['high', value.part(2)],
  ] as const) {
    if (part.trim() === '') continue;
    const number = jsonNumber(part);
    if (number === undefined) frame.run.report('number-unreadable', value, facts);
    else made[name] = quantity(number, '', unit, frame);
  }
  return Object.keys(made).length === 0 ? undefined : made;
}

/** Two ends as one text, as they were sent. Shape: 3^5 -> "3-5" */
function textFromVr(value: Value): string | undefined {
  const ends = [value.part(1), value.part(2)];
  return ends.join('') === '' ? undefined : ends.join('-');
}

/** Conversions of numbers. */
export const numberConversions: readonly Conversion[] = [
  ...['NM', 'SNM', 'ST'].map((type): Conversion => ({ name: `${type} to decimal`, convert: decimalFromNm, uses: 'first' })),
  ...['NM', 'SI'].flatMap((type): Conversion[] => [
    { name: `${type} to integer`, convert: wholeFromNm(-(2 ** 31)), uses: 'first' },
    { name: `${type} to positiveInt`, convert: wholeFromNm(1), uses: 'first' },
    { name: `${type} to unsignedInt`, convert: wholeFromNm(0), uses: 'first' },
  ]),
  { name: 'NM to Quantity', convert: quantityFromNm, uses: 'all' },
  { name: 'NM to value', convert: valueFromNm, uses: 'all' },
  { name: 'SN to value', convert: valueFromSn, uses: 'all' },
  { name: 'NR to Range', convert: rangeFromNr, uses: 'all' },
  { name: 'VR to string', convert: textFromVr, uses: 'all' },
];
