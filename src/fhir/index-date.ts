import { BEGINNING_OF_TIME, dateSpan, END_OF_TIME, type Span } from './date-span.ts';
import type { Destination } from './index-converters.ts';
import type { IndexSink } from './index-sink.ts';
import { listOf, partOf, textOf } from './index-shape.ts';

/** A date, dateTime or instant: the time it may mean. */
export function convertDate(value: unknown, { parameter, offsetMinutes }: Destination, sink: IndexSink): void {
  const span = typeof value === 'string' ? dateSpan(value, offsetMinutes) : undefined;
  if (span !== undefined) sink.date({ parameter, low: span.low, high: span.high });
}

/** From the earliest its start may mean to the latest its end may; an open end is open. */
function periodSpan(value: unknown, offsetMinutes: number): Span | undefined {
  const [start, end] = [textOf(value, 'start'), textOf(value, 'end')];
  const from = start === undefined ? undefined : dateSpan(start, offsetMinutes);
  const to = end === undefined ? undefined : dateSpan(end, offsetMinutes);
  if (from === undefined && to === undefined) return undefined;
  return { low: from?.low ?? BEGINNING_OF_TIME, high: to?.high ?? END_OF_TIME };
}

/** A Period as the span from the beginning of its start to the end of its end; a side that is not said is open. */
export function convertPeriod(value: unknown, { parameter, offsetMinutes }: Destination, sink: IndexSink): void {
  const span = periodSpan(value, offsetMinutes);
  if (span !== undefined) sink.date({ parameter, ...span });
}

/** A Timing: from its first event to its last, its bounds among them. Source: FHIR R4 search 3.1.1.4.7, "the limits of the timing" */
export function convertTiming(value: unknown, { parameter, offsetMinutes }: Destination, sink: IndexSink): void {
  const spans = listOf(value, 'event').map((one) => (typeof one === 'string' ? dateSpan(one, offsetMinutes) : undefined));
  spans.push(periodSpan(partOf(partOf(value, 'repeat'), 'boundsPeriod'), offsetMinutes));
  const known = spans.filter((span) => span !== undefined);
  if (known.length === 0) return;
  const low = known.reduce((least, span) => Math.min(least, span.low), END_OF_TIME);
  const high = known.reduce((most, span) => Math.max(most, span.high), BEGINNING_OF_TIME);
  sink.date({ parameter, low, high });
}
