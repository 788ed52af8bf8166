import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dateSpan } from '../../src/fhir/date-span.ts';

function span(text: string, offset?: number): string[] | undefined {
  const found = dateSpan(text, offset);
  return found && [new Date(found.low).toISOString(), new Date(found.high).toISOString()];
}

describe('a date spans', () => {
  test('as much as its precision leaves open', () => {
    expect(span('1980')).toEqual(['1980-01-01T00:00:00.000Z', '1981-01-01T00:00:00.000Z']);
    expect(span('1980-12')).toEqual(['1980-12-01T00:00:00.000Z', '1981-01-01T00:00:00.000Z']);
    expect(span('2024-02-29')).toEqual(['2024-02-29T00:00:00.000Z', '2024-03-01T00:00:00.000Z']);
    expect(span('2026-01-02T09:30Z')).toEqual(['2026-01-02T09:30:00.000Z', '2026-01-02T09:31:00.000Z']);
    expect(span('2026-01-02T09:30:15-05:00')).toEqual(['2026-01-02T14:30:15.000Z', '2026-01-02T14:30:16.000Z']);
    expect(span('2026-01-02T09:30:15.5Z')).toEqual(['2026-01-02T09:30:15.500Z', '2026-01-02T09:30:15.600Z']);
    expect(span('2026-01-02T09:30:15.123456Z')).toEqual(['2026-01-02T09:30:15.123Z', '2026-01-02T09:30:15.124Z']);
  });

  test('the day where it was written, when that is known', () => {
    expect(span('2026-01-02', -300)).toEqual(['2026-01-02T05:00:00.000Z', '2026-01-03T05:00:00.000Z']);
    expect(span('2026-01-02T00:00:00Z', -300)).toEqual(['2026-01-02T00:00:00.000Z', '2026-01-02T00:00:01.000Z']);
  });

  test('the years of long ago as they are, and a leap second', () => {
    expect(span('0033')).toEqual(['0033-01-01T00:00:00.000Z', '0034-01-01T00:00:00.000Z']);
    expect(span('2016-12-31T23:59:60Z')?.[0]).toBe('2017-01-01T00:00:00.000Z');
  });

  test('nothing when it is not in the calendar or no date', () => {
    const none = [
      '2026-02-30',
      '2026-13',
      '2026-00-01',
      '2026-01-32',
      '0000',
      '26',
      'today',
      '2026-01-01T25:00',
      '2026-01-01T24:00:01Z',
      '2026-1',
      '',
    ];
    expect(none.filter((text) => dateSpan(text) !== undefined)).toEqual([]);
  });

  test('within the day what a time of that day spans', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-30'), noInvalidDate: true }), (date) => {
        const text = date.toISOString();
        const moment = dateSpan(text);
        const day = dateSpan(text.slice(0, 10));
        const year = dateSpan(text.slice(0, 4));
        expect(moment).toEqual({ low: date.getTime(), high: date.getTime() + 1 });
        expect(day !== undefined && moment !== undefined && day.low <= moment.low && moment.high <= day.high).toBe(true);
        expect(day !== undefined && year !== undefined && year.low <= day.low && day.high <= year.high).toBe(true);
      }),
    );
  });
});
