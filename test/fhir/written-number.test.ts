import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { numberSpan } from '../../src/fhir/number-span.ts';
import { Bug } from '../../src/issue/issue-error.ts';
import { formatJson, parseJson, readWritten, setDecimal, writtenNumber } from '../../src/fhir/written-number.ts';

function parsed(text: string): Record<string, unknown> {
  const result = parseJson(text);
  if (!result.ok) throw new Bug('not JSON');
  return result.value as Record<string, unknown>;
}

describe('a decimal', () => {
  test('leaves as it came', () => {
    const text = '{"a":1.50,"b":[1.0,2,-0,1e3,0.00,100],"c":{"v":12345678901234567890.5},"d":"2026-01-02T09:00:00.000Z"}';
    expect(formatJson(parsed(text))).toBe(text);
  });

  test('is a number to everybody else', () => {
    const quantity = parsed('{"value":1.50}');
    expect(quantity['value']).toBe(1.5);
    expect(Object.keys(quantity)).toEqual(['value']);
    expect(writtenNumber(quantity, 'value')).toBe('1.50');
    expect(writtenNumber({ value: 1.5 }, 'value')).toBe('1.5');
  });

  test('keeps its form in a copy, and loses it when it is changed', () => {
    const copy = { ...parsed('{"value":1.50}'), unit: 'mg' };
    expect(formatJson(copy)).toBe('{"value":1.50,"unit":"mg"}');
    Object.assign(copy, { value: 2.5 });
    expect(formatJson(copy)).toBe('{"value":2.5,"unit":"mg"}');
  });

  test('can be set as it is written', () => {
    const quantity = {};
    setDecimal(quantity, 'value', '5.40');
    expect(formatJson({ quantity })).toBe('{"quantity":{"value":5.40}}');
  });

  test('of any form survives reading and writing', () => {
    const decimal = fc.stringMatching(/^-?(0|[1-9]\d{0,8})(\.\d{1,6})?([eE][+-]?\d{1,2})?$/);
    fc.assert(
      fc.property(fc.array(decimal), decimal, (list, one) => {
        const text = `{"list":[${list.join(',')}],"one":${one},"in":[{"x":${one}}]}`;
        expect(formatJson(parsed(text))).toBe(text);
      }),
    );
  });
});

describe('text that is not JSON', () => {
  test('is refused with the place and without the text around it', () => {
    const result = parseJson('{"family":"Miller}');
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result.issues)).not.toContain('Miller');
    expect(parseJson('').issues[0]?.id).toBe('json-invalid');
  });

  test('is a fault of our own where we wrote it, told without the text as well', () => {
    const read = () => readWritten('{"family":"Miller}');
    expect(read).toThrow(Bug);
    expect(read).not.toThrow(/Miller/);
  });

  test('is what nests beyond all measure, too', () => {
    expect(parseJson('['.repeat(100_000) + ']'.repeat(100_000)).issues[0]?.id).toBe('json-invalid');
  });
});

describe('a number spans', () => {
  test.each([
    ['100', 99.5, 100.5],
    ['100.00', 99.995, 100.005],
    ['1e2', 95, 105],
    ['5.4', 5.35, 5.45],
    ['0', -0.5, 0.5],
    ['-2.0', -2.05, -1.95],
    ['123456789012345', 123456789012344.5, 123456789012345.5],
  ])('%s half of its last digit to each side', (text, low, high) => {
    expect(numberSpan(text)).toEqual({ value: Number(text), low, high });
  });

  test('itself, whatever its digits', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^-?\d{1,18}(\.\d{1,12})?$/), (text) => {
        const span = numberSpan(text);
        expect(span !== undefined && span.low <= span.value && span.value <= span.high).toBe(true);
      }),
    );
  });

  test('nothing when it is no number or beyond all measure', () => {
    expect(['', 'x', '1.', '.5', '1e', '1e9999', '9'.repeat(200)].filter((text) => numberSpan(text) !== undefined)).toEqual([]);
  });
});
