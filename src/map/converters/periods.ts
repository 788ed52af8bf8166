import type { Conversion, Convert } from '../run.ts';
import { dateTimeFromDtm, readTime } from './times.ts';

const INSTANT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)$/;

/**
 * A period from its start and how many minutes it took; nothing where the time of day, its zone or the minutes are not known, since an end
 * would be invented.
 *
 * Shape: 20260102093000-0500 with 90 -> 2026-01-02T09:30:00-05:00 to 2026-01-02T11:00:00-05:00
 * Source: decisions: PR1-5 and PR1-7
 */
const periodFromDtm: Convert = (value, frame, facts, beside) => {
  const minutes = beside?.first.trim() ?? '';
  if (beside === undefined || !/^\d{1,6}$/.test(minutes) || readTime(value.first.trim())?.minute === undefined) return undefined;
  const start = dateTimeFromDtm(value, frame, facts);
  const end = typeof start === 'string' ? later(start, Number(minutes)) : undefined;
  if (end === undefined) return undefined;
  frame.run.usage.add(beside);
  return { start, end };
};

/** The same clock, some minutes on. */
function later(start: string, minutes: number): string | undefined {
  const [, year, month, day, hour, minute, seconds = '', zone = ''] = INSTANT.exec(start) ?? [];
  if (minute === undefined) return undefined;
  const clock = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute) + minutes);
  return `${new Date(clock).toISOString().slice(0, 16)}${seconds}${zone}`;
}

/** Conversions to a stretch of time. */
export const periodConversions: readonly Conversion[] = ['DTM', 'DT', 'TS'].map((type) => ({
  name: `${type} to Period`,
  convert: periodFromDtm,
  uses: 'first',
}));
