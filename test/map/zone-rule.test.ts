import { expect, test } from 'vitest';
import { isTimeZone, readOffset, zoneRule } from '../../src/map/zone-rule.ts';

const at = (month: number, day: number, hour = 12) => ({ year: 2026, month, day, hour, minute: 0 });

test('the zone of the sender goes before the offset of MSH-7, and that before the default zone', () => {
  const all = { senderZone: 'Asia/Kolkata', messageOffset: '-0500', defaultZone: 'Europe/Paris' };
  expect(zoneRule(all)(at(1, 2))).toBe('+05:30');
  expect(zoneRule({ ...all, senderZone: undefined })(at(1, 2))).toBe('-05:00');
  expect(zoneRule({ defaultZone: 'Europe/Paris' })(at(1, 2))).toBe('+01:00');
  expect(zoneRule({})(at(1, 2))).toBeUndefined();
});

test('daylight saving goes by the date of the time, not of the process', () => {
  const newYork = zoneRule({ senderZone: 'America/New_York' });
  expect(newYork(at(1, 15))).toBe('-05:00');
  expect(newYork(at(7, 15))).toBe('-04:00');
  expect(newYork(at(3, 8, 1))).toBe('-05:00');
  expect(newYork(at(3, 8, 3))).toBe('-04:00');
});

test('an hour that a clock change doubles is the first of the two, one it leaves out has the offset before', () => {
  const newYork = zoneRule({ senderZone: 'America/New_York' });
  expect(newYork(at(11, 1, 1))).toBe('-04:00');
  expect(newYork(at(3, 8, 2))).toBe('-05:00');
});

test('an offset is read as v2 writes it', () => {
  expect(readOffset('+0545')).toBe('+05:45');
  expect(readOffset('-9900')).toBeUndefined();
  expect(isTimeZone('Europe/Berlin')).toBe(true);
  expect(isTimeZone('Europe/Nowhere')).toBe(false);
});
