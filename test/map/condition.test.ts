import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCondition } from '../../src/map/condition.ts';

const parsed = (text: string) => {
  const result = parseCondition(text);
  return 'error' in result ? result.error : result.condition;
};

test('`and` binds closer than `or`, `not` closest', () => {
  expect(parsed('PID-3 or not PID-4 and PID-5.1 = X')).toMatchObject({
    op: 'or',
    of: [
      { op: 'valued' },
      {
        op: 'and',
        of: [
          { op: 'not', of: { op: 'valued' } },
          { op: 'in', values: ['X'] },
        ],
      },
    ],
  });
});

test('lists are written with bars, and a value with signs in quotes', () => {
  expect(parsed('OBX-2 in NM|SN')).toMatchObject({ op: 'in', values: ['NM', 'SN'] });
  expect(parsed('OBX-5.1 != "<>"')).toMatchObject({ op: 'not', of: { values: ['<>'] } });
  expect(parsed('OBX-29 not in QST|SCI')).toMatchObject({ op: 'not', of: { values: ['QST', 'SCI'] } });
});

test('count() and length() are compared with numbers', () => {
  expect(parsed('count(PID-11) = 1')).toMatchObject({ op: 'in', measure: 'count' });
  expect(parsed('length(PID-7) > 8')).toMatchObject({ op: '>', measure: 'length', number: 8 });
  expect(parsed('length(PID-7)')).toBeTypeOf('string');
});

test('what is outside the grammar is refused', () => {
  for (const text of ['', 'PID-3 =', '(PID-3', 'PID-3)', 'patient', 'PID-3 and', 'PID-3 > x', 'process.exit()']) {
    expect(parsed(text)).toBeTypeOf('string');
  }
});

test('no text makes the reader throw', () => {
  fc.assert(fc.property(fc.string(), (text) => typeof parsed(text) !== 'undefined'));
  const words = fc.constantFrom('PID-3', 'and', 'or', 'not', '(', ')', '=', 'in', 'A|B', '"', 'count(', '>', '1');
  fc.assert(fc.property(fc.array(words), (all) => typeof parsed(all.join(' ')) !== 'undefined'));
});
