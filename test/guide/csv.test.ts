import { expect, test } from 'vitest';
import { array, assert, property, string } from 'fast-check';
import { parseCsv } from '../../src/cli/guide/csv.ts';

test('a quoted cell holds commas, line breaks and doubled quotes', () => {
  expect(parseCsv('a,"b, ""c""\nd",e\r\nf,,g\n')).toEqual([
    ['a', 'b, "c"\nd', 'e'],
    ['f', '', 'g'],
  ]);
});

test('a byte order mark is no part of the first cell', () => {
  expect(parseCsv('\uFEFFBed,x')).toEqual([['Bed', 'x']]);
});

test('whatever is written is read again', () => {
  const cell = string();
  const write = (rows: string[][]) => rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(',')).join('\r\n');
  assert(
    property(array(array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 }), (rows) => {
      expect(parseCsv(write(rows))).toEqual(rows);
    }),
  );
});
