import type { Money, Quantity, Range, SampledData } from 'fhir/r4.js';
import { inBase, inBaseUnits, UCUM } from './base-units.ts';
import type { Destination } from './index-converters.ts';
import { type NumberSpan, numberSpan } from './number-span.ts';
import { writtenNumber } from './written-number.ts';

const CURRENCY = 'urn:iso:std:iso:4217';

/** A value without end: what a range that names only one limit has for the other. */
const ENDLESS = Number.MAX_VALUE;

function spanOf(owner: object, name: string): NumberSpan | undefined {
  return typeof (owner as Record<string, unknown>)[name] === 'number' ? numberSpan(writtenNumber(owner, name)) : undefined;
}

/** A number with the precision it is written with. */
export function convertNumber(value: unknown, { parameter, sink }: Destination, owner: object, name: string): void {
  const span = typeof value === 'number' ? (spanOf(owner, name) ?? numberSpan(String(value))) : undefined;
  if (span !== undefined) sink.number({ parameter, ...span });
}

function add(span: NumberSpan, unit: Pick<Quantity, 'system' | 'code' | 'unit'>, { parameter, sink }: Destination): void {
  const { system = '', code = '' } = unit;
  sink.quantity({ parameter, ...span, system, code, unit: unit.unit ?? code });
  const base = system === UCUM && code !== '' && sink.place === 'resource' ? inBaseUnits(span, code) : undefined;
  if (base !== undefined) sink.quantity({ parameter: inBase(parameter), ...base, system: UCUM, unit: base.code });
}

/** A Quantity as written and, where UCUM knows its unit, in base units. */
export function convertQuantity(value: unknown, to: Destination): void {
  const span = spanOf(value as object, 'value');
  if (span !== undefined) add(span, value as Quantity, to);
}

/** Money: an amount in a currency. */
export function convertMoney(value: unknown, to: Destination): void {
  const span = spanOf(value as object, 'value');
  const { currency } = value as Money;
  if (span !== undefined) add(span, currency === undefined ? {} : { system: CURRENCY, code: currency }, to);
}

function rangeSpan({ low, high }: Range): NumberSpan | undefined {
  const from = low === undefined ? undefined : spanOf(low, 'value');
  const to = high === undefined ? undefined : spanOf(high, 'value');
  if (from === undefined && to === undefined) return undefined;
  return { value: (from ?? to)?.value ?? 0, low: from?.low ?? -ENDLESS, high: to?.high ?? ENDLESS };
}

/** A Range as a number: its lower limit, spanning up to its upper. */
export function convertNumberRange(value: unknown, { parameter, sink }: Destination): void {
  const span = rangeSpan(value as Range);
  if (span !== undefined) sink.number({ parameter, ...span });
}

/** A Range: its lower limit, spanning up to its upper. */
export function convertRange(value: unknown, to: Destination): void {
  const { low, high } = value as Range;
  const span = rangeSpan(value as Range);
  if (span !== undefined) add(span, low ?? high ?? {}, to);
}

/** SampledData: the bounds of its samples. Source: FHIR R4 SearchParameter Observation-value-quantity, "just search on the bounds" */
export function convertSampledData(value: unknown, to: Destination): void {
  const { origin, factor = 1, data } = value as SampledData;
  if (typeof data !== 'string' || typeof origin?.value !== 'number') return;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const sample of data.split(' ')) {
    const number = /^-?\d/.test(sample) ? origin.value + Number(sample) * factor : Number.NaN;
    if (number < low) low = number;
    if (number > high) high = number;
  }
  if (low <= high) add({ value: low, low, high }, origin, to);
}
