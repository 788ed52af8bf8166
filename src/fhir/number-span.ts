/** A number and the span [low, high) its written precision leaves open. */
export interface NumberSpan {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Beyond what any measurement has; a bound on what a stranger can make us compute. */
const MOST_DIGITS = 100;

const SHAPE = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * The span of a number: half a unit of its last written digit to each side. Undefined when it is not a number.
 *
 * Shape:  numberSpan('5.40') is 5.395 to 5.405; '100' is 99.5 to 100.5; '1e2' is 95 to 105, as the standard says in so many words
 * Source: FHIR R4 search 3.1.1.4.6 (number)
 */
export function numberSpan(text: string): NumberSpan | undefined {
  if (text !== last.text) last = { text, span: readSpan(text) };
  return last.span;
}

/** Several search parameters ask for one number, one after the other. */
let last: { readonly text: string; readonly span: NumberSpan | undefined } = { text: '', span: undefined };

function readSpan(text: string): NumberSpan | undefined {
  const parts = SHAPE.exec(text);
  if (parts === null) return undefined;
  const [, sign = '', whole = '', decimals = '', exponent = '0'] = parts;
  if (whole.length + decimals.length > MOST_DIGITS || Math.abs(Number(exponent)) > MOST_DIGITS * 10) return undefined;
  const fraction = decimals === '' && parts[4] !== undefined ? '0' : decimals;
  const scale = Number(exponent) - fraction.length - 1;
  const value = Number(text);
  // Whole numbers below 2 ** 53 and powers of ten below 10 ** 23 are exact, so their quotient is rounded once, as reading the digits is
  if (whole.length + fraction.length <= 14 && scale < 0 && scale > -23) {
    const power = 10 ** -scale;
    const tenths = Math.round(value * power);
    return { value, low: (tenths - 5) / power, high: (tenths + 5) / power };
  }
  const tenths = BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}0`);
  return { value, low: Number(`${tenths - 5n}e${scale}`), high: Number(`${tenths + 5n}e${scale}`) };
}
