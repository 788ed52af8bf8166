import { inBase, inBaseUnits, UCUM } from './base-units.ts';
import type { Destination } from './index-converters.ts';
import type { IndexSink } from './index-sink.ts';
import { partOf, textOf } from './index-shape.ts';
import { type NumberSpan, numberSpan } from './number-span.ts';
import { writtenNumber } from './written-number.ts';

const CURRENCY = 'urn:iso:std:iso:4217';

/** A value without end: what a range that names only one limit has for the other. */
const ENDLESS = Number.MAX_VALUE;

function spanOf(owner: unknown, name: string): NumberSpan | undefined {
  return typeof partOf(owner, name) === 'number' ? numberSpan(writtenNumber(owner as object, name)) : undefined;
}

function numberOf(owner: unknown, name: string): number | undefined {
  const value = partOf(owner, name);
  return typeof value === 'number' ? value : undefined;
}

/** A number with the precision it is written with. */
export function convertNumber(value: unknown, { parameter }: Destination, sink: IndexSink, owner: object, name: string): void {
  const span = typeof value === 'number' ? (spanOf(owner, name) ?? numberSpan(String(value))) : undefined;
  if (span !== undefined) sink.number({ parameter, ...span });
}

function add(span: NumberSpan, unit: unknown, { parameter }: Destination, sink: IndexSink): void {
  const system = textOf(unit, 'system') ?? '';
  const code = textOf(unit, 'code') ?? '';
  sink.quantity({ parameter, ...span, system, code, unit: textOf(unit, 'unit') ?? code });
  const base = system === UCUM && code !== '' && sink.place === 'resource' ? inBaseUnits(span, code) : undefined;
  if (base !== undefined) sink.quantity({ parameter: inBase(parameter), ...base, system: UCUM, unit: base.code });
}

/** A Quantity as written and, where UCUM knows its unit, in base units. */
export function convertQuantity(value: unknown, to: Destination, sink: IndexSink): void {
  const span = spanOf(value, 'value');
  if (span !== undefined) add(span, value, to, sink);
}

/** Money: an amount in a currency. */
export function convertMoney(value: unknown, to: Destination, sink: IndexSink): void {
  const span = spanOf(value, 'value');
  const code = textOf(value, 'currency');
  if (span !== undefined) add(span, code === undefined ? undefined : { system: CURRENCY, code }, to, sink);
}

function rangeSpan(value: unknown): NumberSpan | undefined {
  const from = spanOf(partOf(value, 'low'), 'value');
  const to = spanOf(partOf(value, 'high'), 'value');
  if (from === undefined && to === undefined) return undefined;
  return { value: (from ?? to)?.value ?? 0, low: from?.low ?? -ENDLESS, high: to?.high ?? ENDLESS };
}

/** A Range as a number: its lower limit, spanning up to its upper. */
export function convertNumberRange(value: unknown, { parameter }: Destination, sink: IndexSink): void {
  const span = rangeSpan(value);
  if (span !== undefined) sink.number({ parameter, ...span });
}

/** A Range: its lower limit, spanning up to its upper. */
export function convertRange(value: unknown, to: Destination, sink: IndexSink): void {
  const span = rangeSpan(value);
  if (span !== undefined) add(span, partOf(value, 'low') ?? partOf(value, 'high'), to, sink);
}

/** SampledData: the bounds of its samples. Source: FHIR R4 SearchParameter Observation-value-quantity, "just search on the bounds" */
export function convertSampledData(value: unknown, to: Destination, sink: IndexSink): void {
  const origin = partOf(value, 'origin');
  const zero = numberOf(origin, 'value');
  const data = textOf(value, 'data');
  const factor = numberOf(value, 'factor') ?? 1;
  if (data === undefined || zero === undefined) return;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const sample of data.split(' ')) {
    const number = /^-?\d/.test(sample) ? zero + Number(sample) * factor : Number.NaN;
    if (number < low) low = number;
    if (number > high) high = number;
  }
  if (low <= high) add({ value: low, low, high }, origin, to, sink);
}
