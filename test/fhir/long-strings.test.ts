import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAroundLongStrings } from '../../src/fhir/long-strings.ts';
import { formatJson, readWritten, writtenNumber } from '../../src/fhir/written-number.ts';

const LONG = 'QUJD'.repeat(300_000);

test('a text with long strings parses to what JSON.parse makes of it, and its parser never sees them', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.double({ noNaN: true }),
      fc.boolean(),
      fc.constantFrom(LONG, null, '\\', '"', '@long 0', 'a"b'),
      tie('list'),
      tie('object'),
    ),
    list: fc.array(tie('any'), { maxLength: 4 }),
    object: fc.dictionary(fc.oneof(fc.string(), fc.constant('a"\\')), tie('any'), { maxKeys: 4 }),
  })).object;
  fc.assert(
    fc.property(value, (made) => {
      const text = JSON.stringify({ first: LONG, made, last: [LONG, { deep: LONG }] });
      let longest = 0;
      const parsed = parseAroundLongStrings(text, (part) => {
        longest = Math.max(longest, part.length);
        return JSON.parse(part);
      });
      expect(parsed).toEqual(JSON.parse(text));
      if (!text.includes('"@long ')) expect(longest).toBeLessThan(100_000);
    }),
    { numRuns: 60 },
  );
});

test.each([
  ['an escape sequence in it', `{"a":"${LONG}\\n${LONG}"}`],
  ['a name', `{"${LONG}" : 1}`],
  ['what stands for another, by an escape sequence', `{"b":"\\u0040long 0","a":"${LONG}"}`],
  ['the same, behind', `{"a":"${LONG}","b":"\\u0040long 0"}`],
  ['one that there is not', `{"a":"${LONG}","b":"\\u0040long 7"}`],
  ['what stands for another, as it is', `{"a":"${LONG}","b":"@long 0"}`],
])('a long string with %s is read as it is written', (_, text) => {
  expect(parseAroundLongStrings(text, JSON.parse)).toEqual(JSON.parse(text));
});

test('what is no JSON is refused as ever', () => {
  for (const text of [`{"a":"${LONG}`, `{"a":"${LONG}"`, `"${LONG}" x`, `{"a":"${LONG}\\"}`])
    expect(() => parseAroundLongStrings(text, JSON.parse)).toThrow(SyntaxError);
  expect(parseAroundLongStrings(`"${LONG}"`, JSON.parse)).toBe(LONG);
});

test('numbers beside a long string keep how they were written', () => {
  const read = readWritten(`{"value":1.50,"data":"${LONG}"}`) as { value: number };
  expect(writtenNumber(read, 'value')).toBe('1.50');
  expect(formatJson(read)).toBe(`{"value":1.50,"data":"${LONG}"}`);
});
