import { expect, test, vi } from 'vitest';
import { isUcumUnit } from '../../src/validate/unit.ts';

test.each(['mg', 'mm[Hg]', '10*9/L', '{score}', 'mg{dry}', '[iU]/L', 'ng/mL/h', '1', '%', '/m', 'Cel', 'm2', 'kg.m/s2', 'g%'])(
  '%s is a unit of UCUM',
  (code) => {
    expect(isUcumUnit(code)).toBe(true);
  },
);

test.each([
  'mmHg',
  'no unit',
  '',
  'IU/L/',
  '(((',
  '()',
  'a^2',
  '{x',
  '}',
  'mg{a b}',
  'ä',
  '2mg',
  '__proto__',
  'constructor',
  'toString/L',
  'x'.repeat(200),
])('%s is none, and nothing of it is written to the console', (code) => {
  const log = vi.spyOn(console, 'log');
  expect(isUcumUnit(code)).toBe(false);
  expect(log).not.toHaveBeenCalled();
  log.mockRestore();
});
