import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Message } from '../../src/hl7v2/message.ts';
import { parseMessage } from '../../src/hl7v2/parse-message.ts';
import { MOST_SEGMENTS } from '../../src/hl7v2/value-limit.ts';
import { writeMessage } from '../../src/hl7v2/write-message.ts';
import { cases } from '../cases.ts';

function read(text: string): Message {
  const result = parseMessage(text);
  expect(result.ok).toBe(true);
  return (result as Extract<typeof result, { ok: true }>).value;
}

function idsOf(text: string): string[] {
  return parseMessage(text).issues.map((item) => item.id);
}

const MSH = 'MSH|^~\\&|LAB|HOSP|EHR|HOSP|20260102093000||ORU^R01^ORU_R01|M1|P|2.5.1';

describe('reading a message', () => {
  test('segments keep their order and are counted by name', () => {
    const message = read(`${MSH}\rPID|1\rOBR|1\rOBX|1\rNTE|1\rOBX|2\r`);
    expect(message.segments.map((segment) => `${segment.name}${segment.occurrence}@${segment.position}`)).toEqual([
      'MSH1@0',
      'PID1@1',
      'OBR1@2',
      'OBX1@3',
      'NTE1@4',
      'OBX2@5',
    ]);
  });

  test('fields count from 1, and in MSH the separator is field 1', () => {
    const { header } = read(MSH);
    expect(header.value(1)).toBe('|');
    expect(header.value(2)).toBe('^~\\&');
    expect(header.value(9, 1, 3)).toBe('ORU_R01');
    expect(header.value(12)).toBe('2.5.1');
    expect(header.fieldCount).toBe(12);
    expect(header.rawField(0)).toBe('');
  });

  test('repetitions, components and subcomponents are told apart', () => {
    const pid = read(`${MSH}\rPID|||1^^^A&1.2.3&ISO^MR~2^^^B`).segments[1];
    expect(pid?.field(3).map((repetition) => repetition.raw)).toEqual(['1^^^A&1.2.3&ISO^MR', '2^^^B']);
    expect(pid?.value(3, 1, 4, 2)).toBe('1.2.3');
    expect(pid?.value(3, 1, 4)).toBe('A');
    expect(pid?.value(3, 2, 4, 2)).toBe('');
    expect(pid?.field(3)[0]?.subcomponentCount(4)).toBe(3);
    expect(pid?.field(3)[0]?.componentCount).toBe(5);
    expect(pid?.field(3)[0]?.rawComponent(4)).toBe('A&1.2.3&ISO');
    expect(pid?.value(3, 3)).toBe('');
  });

  test('a field that was not sent and an empty one have no repetition', () => {
    const pid = read(`${MSH}\rPID||`).segments[1];
    expect(pid?.field(1)).toEqual([]);
    expect(pid?.field(30)).toEqual([]);
    expect(pid?.fieldCount).toBe(2);
  });

  test('an HL7 null is told from an empty value and is never a value itself', () => {
    const pid = read(`${MSH}\rPID|||||""||""^x`).segments[1];
    expect(pid?.field(5)[0]?.isNull).toBe(true);
    expect(pid?.value(5)).toBe('');
    expect(pid?.field(5)[0]?.text()).toBe('');
    expect(pid?.field(7)[0]?.isNull).toBe(false);
    expect(pid?.value(7)).toBe('');
    expect(pid?.field(7)[0]?.rawComponent(1)).toBe('""');
  });

  test('the text of a repetition keeps a stray separator as a character', () => {
    const obx = read(`${MSH}\rOBX|1|TX|||grade 2^3 & more`).segments[1];
    expect(obx?.field(5)[0]?.text()).toBe('grade 2^3 & more');
  });

  test.each([
    ['CR', '\r'],
    ['LF', '\n'],
    ['CR LF', '\r\n'],
    ['blank lines between', '\r\n\r\n  \r\n'],
  ])('%s ends a segment', (_, end) => {
    expect(read([MSH, 'PID|1', 'OBX|1'].join(end) + end).segments.map((segment) => segment.raw)).toEqual([MSH, 'PID|1', 'OBX|1']);
  });

  test('line ends may be mixed, and a byte order mark and blank lines may come first', () => {
    expect(read(`\uFEFF\r\n${MSH}\rPID|1\nPV1|1\r\nOBX|1\n\n`).segments.map((segment) => segment.name)).toEqual([
      'MSH',
      'PID',
      'PV1',
      'OBX',
    ]);
  });

  test('the two characters \\r are a segment end only where nothing else is, and it is said', () => {
    expect(read(`${MSH}\\rPID|1\\rOBX|1|ST|||a\\r`).segments.map((segment) => segment.raw)).toEqual([MSH, 'PID|1', 'OBX|1|ST|||a']);
    expect(idsOf(`${MSH}\\rPID|1\\r`)).toEqual(['segment-end-unusual']);
    expect(read(`${MSH}\r\nPID|1|\\r\r\nOBX|1`).segments.map((segment) => segment.raw)).toEqual([MSH, 'PID|1|', 'OBX|1']);
    expect(read(`${MSH}\rOBX|1|ST|||C:\\root\\x`).segments).toHaveLength(2);
  });

  test('two messages never become one', () => {
    expect(idsOf(`${MSH}\rPID|1\r${MSH}\rPID|2\r`)).toEqual(['segment-sequence']);
    expect(parseMessage(`${MSH}\rPID|1\r${MSH}\r`).ok).toBe(false);
    expect(parseMessage(`${MSH}\rBTS|1\r`).ok).toBe(false);
  });

  test('a line that is no segment is an error with its line, and the rest is still read', () => {
    const result = parseMessage(`${MSH}\rOBX|1|TX|||first line\nsecond line\nOBX|2`);
    expect(result.ok && result.value.segments).toHaveLength(3);
    expect(result.issues).toEqual([expect.objectContaining({ id: 'segment-unreadable', severity: 'error', parameters: { line: '3' } })]);
  });

  test('nothing of a value is in the words of an issue', () => {
    const { issues } = parseMessage(`${MSH}\rOBX|1|TX|||a\\Zsecret\\b\rDoe Jane`);
    expect(issues.map((item) => item.id)).toEqual(['segment-unreadable', 'escape-unreadable']);
    expect(JSON.stringify(issues)).not.toMatch(/secret|Jane/);
    expect(issues[1]?.at).toEqual({ segment: 'OBX', occurrence: 1, field: 5, repetition: 1 });
  });
});

describe('delimiters', () => {
  test('those of the message hold, whatever they are', () => {
    const message = read('MSH#!@%*#A#B#C#D#2026##ADT!A01#7#P#2.5\rPID###1!!!X*1.2*ISO@2#%S%');
    expect(message.delimiters).toEqual({ field: '#', component: '!', repetition: '@', escape: '%', subcomponent: '*', truncation: '' });
    expect(message.segments[1]?.value(3, 1, 4, 2)).toBe('1.2');
    expect(message.segments[1]?.value(3, 2)).toBe('2');
    expect(message.segments[1]?.value(4)).toBe('!');
  });

  test('the fifth encoding character is the truncation character', () => {
    expect(read('MSH|^~\\&#|A').delimiters.truncation).toBe('#');
  });

  test('two encoding characters leave out escape and subcomponent', () => {
    const message = read('MSH|^~|A\rPID|a\\T\\b&c');
    expect(message.segments[1]?.value(1)).toBe('a\\T\\b&c');
  });

  test('of three encoding characters ending in & the last divides subcomponents, nothing escapes, and it is said', () => {
    const message = read('MSH|^~&|A\rPID|a\\T\\b&c');
    expect(message.delimiters).toMatchObject({ escape: '', subcomponent: '&' });
    expect(message.segments[1]?.value(1, 1, 1, 2)).toBe('c');
    expect(idsOf('MSH|^~&|A')).toEqual(['encoding-characters-unusual']);
  });

  test('a doubled escape character is read as one, and it is said', () => {
    expect(read('MSH|^~\\\\&|A').delimiters).toMatchObject({ escape: '\\', subcomponent: '&' });
    expect(idsOf('MSH|^~\\\\&|A')).toEqual(['encoding-characters-unusual']);
  });

  test.each([
    '',
    'MSH',
    'MSH|',
    'MSH|^|A',
    'MSH|^^^^|A',
    'MSH|||',
    'MSH|abcd|A',
    'MSHA^~\\&A',
    'MSH|^~\\&#!?|A',
    'MSH ^~\\& A',
    'PID|1',
    ' \r\n',
  ])('a header that declares none that work is unreadable: %j', (text) => {
    expect(parseMessage(text).ok).toBe(false);
    expect(idsOf(text)).toEqual(['header-unreadable']);
  });
});

describe('any text at all', () => {
  const characters = fc.constantFrom(
    '|',
    '^',
    '~',
    '\\',
    '&',
    '\r',
    '\n',
    'M',
    'S',
    'H',
    'OBX',
    'PID|',
    'X',
    '.br',
    '"',
    'a',
    'é',
    '\u0000',
    '\u{1F600}',
  );
  const noise = fc.array(characters, { maxLength: 200 }).map((parts) => parts.join(''));

  test('gives a message or an issue', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          noise,
          noise.map((text) => `${MSH}\r${text}`),
          fc.string({ unit: 'binary' }),
        ),
        (text) => {
          const result = parseMessage(text);
          expect(result.ok || result.issues.length > 0).toBe(true);
          if (!result.ok) return;
          for (const segment of result.value.segments) {
            for (let field = 0; field <= segment.fieldCount + 1; field++) {
              for (const repetition of segment.field(field)) {
                repetition.text();
                for (let component = 0; component <= repetition.componentCount; component++) repetition.component(component, 2);
              }
            }
          }
        },
      ),
      { numRuns: cases(2000, 500) },
    );
  });

  test('what is read and written again is what was sent, its line ends made CR', () => {
    const value = fc.array(fc.constantFrom('a', '^', '~', '&', '\\', '|', '"', 'é', ' '), { maxLength: 12 }).map((parts) => parts.join(''));
    const segment = fc.tuple(fc.constantFrom('PID', 'OBX', 'ZZ1', 'NTE'), value).map(([name, rest]) => `${name}|x${rest}x`);
    const end = fc.constantFrom('\r', '\n', '\r\n');
    fc.assert(
      fc.property(fc.array(fc.tuple(segment, end)), end, (segments, first) => {
        const text = MSH + first + segments.map(([line, stop]) => line + stop).join('');
        expect(writeMessage(read(text).segments)).toBe(text.replaceAll(/\r\n|\n/g, '\r'));
      }),
    );
  });
});

describe('large messages', () => {
  test('as many segments as are read are all there', () => {
    const message = read(`${MSH}\r${'OBX|1|NM|718-7^Hemoglobin^LN||13.5|g/dL\r'.repeat(MOST_SEGMENTS - 1)}`);
    expect(message.segments).toHaveLength(MOST_SEGMENTS);
    expect(message.segments.at(-1)?.occurrence).toBe(MOST_SEGMENTS - 1);
    expect(message.segments.at(-1)?.value(5)).toBe('13.5');
  });

  test('a field of 10 MB is read whole, and 2 million escape sequences are', () => {
    const document = 'QUJD'.repeat(2_500_000);
    expect(read(`${MSH}\rOBX|1|ED|||^AP^PDF^Base64^${document}`).segments[1]?.value(5, 1, 5)).toHaveLength(10_000_000);
    const lines = read(`${MSH}\rOBX|1|FT|||${'\\.br\\'.repeat(2_000_000)}`);
    expect(lines.segments[1]?.value(5)).toHaveLength(2_000_000);
    expect(read(`${MSH}\rOBX|1|FT|||${'\\'.repeat(1_000_000)}`).segments[1]?.value(5)).toHaveLength(1_000_000);
  });
});
