/** A stretch of time [low, high). Units: UTC ms */
export interface Span {
  readonly low: number;
  readonly high: number;
}

/** The low end of a span that has none: the earliest time JavaScript can tell. */
export const BEGINNING_OF_TIME = -8.64e15;

/** The high end of a span that has none. */
export const END_OF_TIME = 8.64e15;

const MINUTE = 60_000;
const SHAPE = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/;

/** Milliseconds since 1970 of a moment in UTC, with years below 100 as they are. */
function utc(year: number, month: number, day: number, hour = 0, minute = 0, second = 0, ms = 0): number {
  const time = Date.UTC(year, month - 1, day, hour, minute, second, ms);
  if (year > 99) return time;
  return new Date(time).setUTCFullYear(year, month - 1, day);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Whether the date a date, dateTime or instant begins with is in the calendar: 2026-02-30 is not. */
export function isCalendarDate(text: string): boolean {
  return text.length < 10 || Number(text.slice(8, 10)) <= daysIn(Number(text.slice(0, 4)), Number(text.slice(5, 7)));
}

function offsetMinutes(offset: string): number {
  if (offset === 'Z') return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6));
  return offset.startsWith('-') ? -minutes : minutes;
}

/**
 * The time a date, dateTime or instant may mean: as long as its precision leaves open. Undefined when it is none of them or not in the calendar.
 * Minutes without seconds and times without an offset, which a resource may not have, are read because a search may.
 *
 * Shape:  dateSpan('1980-03') is [1980-03-01T00:00Z, 1980-04-01T00:00Z); '2026-01-02T09:30:00.5Z' is 100 ms long
 * Units:  defaultOffsetMinutes: minutes east of Greenwich, for what has no offset of its own
 * Source: FHIR R4 search 3.1.1.4.7 (date)
 */
export function dateSpan(text: string, defaultOffsetMinutes = 0): Span | undefined {
  const parts = SHAPE.exec(text);
  if (parts === null) return undefined;
  const [, yearText = '', monthText, dayText, hourText, minuteText, secondText, fraction, offset] = parts;
  const year = Number(yearText);
  const shift = (offset === undefined ? defaultOffsetMinutes : offsetMinutes(offset)) * MINUTE;
  if (year === 0) return undefined;
  if (monthText === undefined) return { low: utc(year, 1, 1) - shift, high: utc(year + 1, 1, 1) - shift };
  const month = Number(monthText);
  if (month < 1 || month > 12) return undefined;
  if (dayText === undefined) return { low: utc(year, month, 1) - shift, high: utc(year, month + 1, 1) - shift };
  const day = Number(dayText);
  if (day < 1 || day > daysIn(year, month)) return undefined;
  const midnight = utc(year, month, day) - shift;
  if (hourText === undefined) return { low: midnight, high: midnight + 1440 * MINUTE };
  const hour = Number(hourText);
  const minute = Number(minuteText);
  const second = Number(secondText ?? 0);
  if (hour > 24 || minute > 59 || second > 60 || (hour === 24 && minute + second > 0)) return undefined;
  const low = midnight + (hour * 60 + minute) * MINUTE + second * 1000;
  if (secondText === undefined) return { low, high: low + MINUTE };
  if (fraction === undefined) return { low, high: low + 1000 };
  const digits = Math.min(fraction.length, 3);
  const from = low + Number(fraction.slice(0, 3).padEnd(3, '0'));
  return { low: from, high: from + 10 ** (3 - digits) };
}
