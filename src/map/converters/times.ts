import { isCalendarDate } from '../../fhir/date-span.ts';
import type { Conversion, Frame, RowFacts } from '../run.ts';
import { Extended } from '../node.ts';
import type { Value } from '../value.ts';
import { readOffset } from '../zone-rule.ts';

/** A v2 time taken apart; a part that was not sent is undefined. */
export interface SentTime {
  /** Shape: 1980, 1980-03, 1980-03-07 */
  readonly date: string;
  readonly hour: string | undefined;
  readonly minute: string | undefined;
  readonly second: string | undefined;
  /** With its dot. */
  readonly fraction: string;
  /** As FHIR writes it. */
  readonly offset: string | undefined;
}

const DTM = /^(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(\.\d{1,9})?)?)?)?)?)?([+-]\d{4})?$/;
const TM = /^(\d{2})(?:(\d{2})(?:(\d{2})(\.\d{1,9})?)?)?([+-]\d{4})?$/;

/** The extension that keeps the text a value was cut from. */
export const ORIGINAL_TEXT = 'http://hl7.org/fhir/StructureDefinition/originalText';

/** A v2 timestamp in its parts; undefined when it is none. */
export function readTime(text: string): SentTime | undefined {
  const match = DTM.exec(text);
  if (match === null) return undefined;
  const [, year = '', month, day, hour, minute, second, fraction = '', written] = match;
  const date = [year, month, day].filter((part) => part !== undefined).join('-');
  const offset = written === undefined ? undefined : readOffset(written);
  const timed = Number(hour ?? 0) < 24 && Number(minute ?? 0) < 60 && Number(second ?? 0) < 60;
  if (!timed || !isCalendarDate(date) || (written !== undefined && offset === undefined)) return undefined;
  return { date, hour, minute, second, fraction, offset };
}

/**
 * A v2 date as a FHIR date, no more precise than it was sent; a time after it is not part of it.
 *
 * Shape: 198003 -> 1980-03; 19800307123000 -> 1980-03-07
 * Fails: data-type-invalid (a warning where the element can be left out)
 */
function dateFromDtm(value: Value, frame: Frame, facts: RowFacts): string | undefined {
  const time = readTime(value.first.trim());
  return time === undefined ? invalid('DTM', value, frame, facts) : time.date;
}

/**
 * A v2 timestamp as a FHIR dateTime, no more precise than it was sent.
 *
 * Shape: 198003 -> 1980-03; 20260102093000-0500 -> 2026-01-02T09:30:00-05:00; HHMM gets :00, as R4 demands
 * Fails: data-type-invalid (no DTM); time-cut (an hour alone); time-zone-unknown (no offset and no zone known: the date, the text kept)
 * Source: HL7 v2.5.1 chapter 2A, TS and DTM; FHIR R4 dateTime: a time needs seconds and an offset
 */
export function dateTimeFromDtm(value: Value, frame: Frame, facts: RowFacts): unknown {
  const text = value.first.trim();
  const { dateTimes } = frame.run;
  const known = dateTimes.get(text);
  if (known !== undefined) return known;
  const time = readTime(text);
  if (time === undefined) return invalid('DTM', value, frame, facts);
  if (time.hour === undefined) return time.date;
  if (time.minute === undefined) {
    frame.run.report('time-cut', value, facts);
    return withText(time.date, text);
  }
  const offset = offsetOf(time, frame);
  if (offset !== undefined) {
    const dateTime = `${time.date}T${time.hour}:${time.minute}:${time.second ?? '00'}${time.fraction}${offset}`;
    dateTimes.set(text, dateTime);
    return dateTime;
  }
  frame.run.report('time-zone-unknown', value, facts);
  return withText(time.date, text);
}

/**
 * A v2 timestamp as a FHIR instant, which must be exact to the second: of one that is not the text alone is kept, where it can be left out.
 *
 * Shape: 20260302073000, no zone known -> no value, originalText 20260302073000
 * Fails: data-type-invalid, time-zone-unknown
 */
function instantFromDtm(value: Value, frame: Frame, facts: RowFacts): unknown {
  const text = value.first.trim();
  const time = readTime(text);
  if (time === undefined) return invalid('DTM', value, frame, facts);
  if (time.hour === undefined || time.minute === undefined) invalid('instant', value, frame, facts);
  else {
    const offset = offsetOf(time, frame);
    if (offset !== undefined) return `${time.date}T${time.hour}:${time.minute}:${time.second ?? '00'}${time.fraction}${offset}`;
    frame.run.report('time-zone-unknown', value, facts);
  }
  return facts.required ? undefined : withText(undefined, text);
}

/**
 * A v2 time of day.
 *
 * Shape: 223100.0000 -> 22:31:00.0000; 2231 -> 22:31:00; FHIR's time has no offset: one that was sent is kept as text beside it
 * Fails: data-type-invalid (also an hour alone: FHIR has none)
 * Source: HL7 v2.5.1 chapter 2A, TM
 */
function timeFromTm(value: Value, frame: Frame, facts: RowFacts): unknown {
  const text = value.first.trim();
  const [, hour, minute, second = '00', fraction = '', offset] = TM.exec(text) ?? [];
  if (hour === undefined || minute === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
    return invalid('TM', value, frame, facts);
  }
  const time = `${hour}:${minute}:${second}${fraction}`;
  return offset === undefined ? time : withText(time, text);
}

function offsetOf(time: SentTime, frame: Frame): string | undefined {
  if (time.offset !== undefined) return time.offset;
  const [year, month, day] = time.date.split('-').map(Number) as [number, number, number];
  return frame.run.zone({ year, month, day, hour: Number(time.hour), minute: Number(time.minute) });
}

function withText(cut: string | undefined, text: string): Extended {
  return new Extended(cut, [{ url: ORIGINAL_TEXT, valueString: text }]);
}

function invalid(type: string, value: Value, frame: Frame, facts: RowFacts): undefined {
  frame.run.report('data-type-invalid', value, facts, { type, ...(facts.required ? {} : { severity: 'warning' }) });
  return undefined;
}

/** Conversions of dates and times. */
export const timeConversions: readonly Conversion[] = [
  ...['DTM', 'DT', 'TS'].flatMap((type): Conversion[] => [
    { name: `${type} to date`, convert: dateFromDtm, uses: 'first' },
    { name: `${type} to dateTime`, convert: dateTimeFromDtm, uses: 'first' },
    { name: `${type} to instant`, convert: instantFromDtm, uses: 'first' },
  ]),
  { name: 'TM to time', convert: timeFromTm, uses: 'first' },
];
