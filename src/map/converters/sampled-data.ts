import type { Conversion, Convert } from '../run.ts';
import { Chosen, type Node } from '../node.ts';
import { jsonNumber } from './numbers.ts';

/**
 * A numeric array as SampledData, its numbers in order; an empty place is "E", as R4 asks. v2 tells neither origin nor period here: the origin is the
 * plain scale (0), and the period, which R4 demands, is said to be unknown.
 *
 * Shape: 1^2^3 -> data "1 2 3"
 * Source: HL7 v2.5.1 chapter 2A, NA; FHIR R4 SampledData
 */
const sampledDataFromNa: Convert = (value, frame, facts) => {
  const numbers: string[] = [];
  for (let part = 1; part <= value.source.componentCount; part++) {
    const text = value.part(part).trim();
    const number = text === '' ? 'E' : jsonNumber(text);
    if (number === undefined) {
      frame.run.report('number-unreadable', value, facts);
      return new Chosen('valueString', value.text.trim());
    }
    numbers.push(number);
  }
  if (numbers.every((number) => number === 'E')) return undefined;
  const unknown = { extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' }] };
  const data: Node = { origin: { value: 0 }, _period: unknown, dimensions: 1, data: numbers.join(' ') };
  return new Chosen('valueSampledData', data);
};

/** Conversions of numeric arrays. */
export const sampledDataConversions: readonly Conversion[] = [{ name: 'NA to value', convert: sampledDataFromNa, uses: 'all' }];
