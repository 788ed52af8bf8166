import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Delimiters, STANDARD_DELIMITERS } from '../../src/hl7v2/delimiters.ts';
import { escape, unescape } from '../../src/hl7v2/escape-sequences.ts';

const OTHERS: Delimiters = { field: '#', component: '!', repetition: '@', escape: '%', subcomponent: '*', truncation: '$' };

function read(raw: string): { text: string; unreadable: number } {
  let unreadable = 0;
  const text = unescape(raw, STANDARD_DELIMITERS, 'UTF-8', () => unreadable++);
  return { text, unreadable };
}

describe('escape sequences', () => {
  test.each([
    ['\\F\\\\S\\\\T\\\\R\\\\E\\', '|^&~\\'],
    ['a\\T\\b', 'a&b'],
    ['\\H\\bold\\N\\ plain', 'bold plain'],
    ['one\\.br\\two\\.sp\\three\\.sp2\\four', 'one\ntwo\nthree\n\nfour'],
    ['\\.ce\\title\\.sk 3\\x\\.sk2\\y', '\ntitle   x  y'],
    ['\\.in+4\\a\\.ti-2\\b\\.fi\\c\\.nf\\d', '    abcd'],
    ['\\X0D\\\\X0A\\\\X0d0a\\', '\r\n\r\n'],
    ['\\XC3A9\\', 'é'],
    ['\\P\\', '#'],
  ])('%j means %j', (raw, text) => expect(read(raw)).toEqual({ text, unreadable: 0 }));

  test.each([
    'C:\\temp\\x',
    'a \\ b',
    'ends in \\',
    '\\Zlocal\\',
    '\\C2842\\',
    '\\M244200\\',
    '\\X0\\',
    '\\XZZ\\',
    '\\XFF\\',
    '\\X00\\',
    '\\.zz\\',
    '\\.sp9999\\',
    '\\\\',
    '\\f\\',
  ])('%j is not known and kept as it was sent', (raw) => {
    const result = read(raw);
    expect(result.text).toBe(raw);
    expect(result.unreadable).toBeGreaterThan(0);
  });

  test('a known sequence after an unknown one is read', () => {
    expect(read('C:\\temp\\.br\\next').text).toBe('C:\\temp\nnext');
    expect(read('\\Zx\\\\T\\').text).toBe('\\Zx\\&');
  });

  test('hexadecimal bytes are in the character set of the message', () => {
    expect(unescape('\\XE9\\', STANDARD_DELIMITERS, 'ISO-8859-1')).toBe('é');
  });

  test('without an escape character nothing is a sequence', () => {
    expect(unescape('\\T\\', { ...STANDARD_DELIMITERS, escape: '' })).toBe('\\T\\');
    expect(escape('a|b', { ...STANDARD_DELIMITERS, escape: '' })).toBe('a b');
  });

  test('what is escaped stays in its field and is read back', () => {
    const text = fc.string({
      unit: fc.constantFrom('|', '^', '~', '\\', '&', '#', '!', '@', '%', '*', '$', '\r', '\n', 'X', 'é', '.', 'br'),
    });
    fc.assert(
      fc.property(text, fc.constantFrom(STANDARD_DELIMITERS, OTHERS), (value, delimiters) => {
        const sent = escape(value, delimiters);
        const { field, component, repetition, subcomponent } = delimiters;
        for (const divider of [field, component, repetition, subcomponent, '\r', '\n']) expect(sent.includes(divider)).toBe(false);
        expect(unescape(sent, delimiters)).toBe(value);
      }),
    );
  });

  test('control characters cannot end a frame', () => {
    expect(escape('\u001c\r\u000b\u0000', STANDARD_DELIMITERS)).toBe('\\X1C\\\\X0D\\\\X0B\\\\X00\\');
  });
});
