import { setDecimal } from '../../fhir/written-number.ts';
import type { Conversion, Convert, Frame, RowFacts } from '../run.ts';
import type { Node } from '../node.ts';
import type { Value } from '../value.ts';
import { jsonNumber } from './numbers.ts';
import { addUnit } from './units.ts';

const BETWEEN = /^\s*([+-]?\d*\.?\d+)\s*-\s*([+-]?\d*\.?\d+)\s*$/;
const BELOW = /^\s*<\s*=?\s*(\d*\.?\d+)\s*$/;
const ABOVE = /^\s*>\s*=?\s*(\d*\.?\d+)\s*$/;

/**
 * A reference range: its words always, its ends only where nothing but numbers stands there.
 *
 * Shape: '12-16' -> low 12, high 16; '<=6.0' -> high 6.0; '70_105' -> text alone
 * A bound that is left out ('<6.0') is words only: R4's high is inclusive, and 6.0 is not in the range.
 * Source: decisions 13
 */
function rangeFromText(value: Value, frame: Frame, _: RowFacts, unit?: Value): Node | undefined {
  const text = value.text.trim();
  if (text === '') return undefined;
  const range: Node = {};
  const [, low, high] = BETWEEN.exec(text) ?? [];
  const most = text.includes('=') ? BELOW.exec(text)?.[1] : undefined;
  const least = text.includes('=') ? ABOVE.exec(text)?.[1] : undefined;
  addEnd(range, 'low', low ?? least, unit, frame);
  addEnd(range, 'high', high ?? most, unit, frame);
  range['text'] = text;
  return range;
}

function addEnd(range: Node, name: string, text: string | undefined, unit: Value | undefined, frame: Frame): void {
  const number = text === undefined ? undefined : jsonNumber(text);
  if (number === undefined) return;
  const end: Node = {};
  setDecimal(end, 'value', number);
  if (unit !== undefined) addUnit(end, unit, frame);
  range[name] = end;
}

const rangeAgain: Convert = (value, frame, facts, unit) => frame.run.memory.give(rangeFromText, value, frame, facts, unit);

/** Conversions of reference ranges. */
export const rangeConversions: readonly Conversion[] = [{ name: 'ST to referenceRange', convert: rangeAgain, uses: 'all' }];
