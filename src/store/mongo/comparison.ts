import type { Prefix } from '../../fhir/search-query.ts';
import { afterPrefix } from '../text-range.ts';

/** A condition MongoDB evaluates. Values in it are numbers, booleans and strings of our own making, never an object from outside. */
export type Condition = Record<string, unknown>;

/** Texts of one list that begin so: both bounds on one and the same text. */
export function beginning(prefix: string): Condition {
  const end = afterPrefix(prefix);
  return { $elemMatch: { $gte: prefix, ...(end === undefined ? {} : { $lt: end }) } };
}

/**
 * How the spans of dates stand to the span asked for.
 *
 * Shape: on the fields lo and hi of one entry
 * Source: FHIR R4 search, 3.1.1.4.3 and 3.1.1.4.5
 */
export function spanCondition(prefix: Prefix, low: number, high: number): Condition {
  // No span begins after its end: the upper bound on lo says nothing new, but bounds the index.
  const within = { lo: { $gte: low, $lte: high }, hi: { $lte: high } };
  switch (prefix) {
    case 'eq':
      return within;
    case 'ne':
      return { $or: [{ lo: { $lt: low } }, { hi: { $gt: high } }] };
    case 'gt':
      return { hi: { $gt: high } };
    case 'lt':
      return { lo: { $lt: low } };
    case 'ge':
      return { $or: [{ hi: { $gt: high } }, within] };
    case 'le':
      return { $or: [{ lo: { $lt: low } }, within] };
    case 'sa':
      return { lo: { $gte: high } };
    case 'eb':
      return { hi: { $lte: low } };
    case 'ap':
      return { lo: { $lt: high }, hi: { $gt: low } };
  }
}

/**
 * How numbers stand to the number asked for: its span where equality is meant, the number itself where an order is.
 *
 * Shape: on the fields v, lo and hi of one entry
 * Source: FHIR R4 search, 3.1.1.4.3 and 3.1.1.4.6
 */
export function numberCondition(prefix: Prefix, value: number, low: number, high: number): Condition {
  const equal = { v: { $gte: low, $lt: high } };
  switch (prefix) {
    case 'eq':
      return equal;
    case 'ne':
      return { $or: [{ v: { $lt: low } }, { v: { $gte: high } }] };
    case 'gt':
      return { v: { $gt: value } };
    case 'lt':
      return { v: { $lt: value } };
    case 'ge':
      return { v: { $gte: value } };
    case 'le':
      return { v: { $lte: value } };
    case 'sa':
      return { lo: { $gte: high } };
    case 'eb':
      return { hi: { $lte: low } };
    case 'ap':
      return { v: { $gte: value - Math.abs(value) / 10, $lte: value + Math.abs(value) / 10 } };
  }
}
