import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Acknowledgment, writeAcknowledgment } from '../../src/hl7v2/acknowledgment.ts';
import { headerOfFragment } from '../../src/hl7v2/header.ts';
import { parseMessage } from '../../src/hl7v2/parse-message.ts';
import { issue } from '../../src/issue/issue.ts';

const MSH = 'MSH|^~\\&|LAB^1.2^ISO|HOSP|EHR|CLINIC|20260102093000||ORU^R01^ORU_R01|MSG00017|T|2.5.1|||AL|NE||UNICODE UTF-8';
const NOW = Date.UTC(2026, 0, 2, 9, 30);
const MISSING = issue('required-field-missing', {
  at: { segment: 'PID', occurrence: 1, field: 5, repetition: 1, component: 1 },
  target: 'Patient',
  value: 'Doe',
});

function acknowledge(text: string, rest: Partial<Acknowledgment> = {}): string {
  return writeAcknowledgment({ header: headerOfFragment(text), code: 'AA', issues: [], controlId: 'K1', now: NOW, ...rest });
}

describe('an acknowledgment', () => {
  test('swaps the parties and echoes what the sender needs', () => {
    expect(acknowledge(MSH)).toBe(
      'MSH|^~\\&|EHR|CLINIC|LAB^1.2^ISO|HOSP|20260102093000.000+0000||ACK^R01^ACK|K1|T|2.5.1||||||UNICODE UTF-8\rMSA|AA|MSG00017\r',
    );
  });

  test('says each issue in an ERR, errors first, with place, code and severity, and no value', () => {
    const text = acknowledge(MSH, { code: 'AE', issues: [issue('segment-expected', { segment: 'PV1', map: 'ADT_A01' }), MISSING] });
    const [, msa, first, second] = text.split('\r');
    expect(msa).toBe('MSA|AE|MSG00017');
    expect(first).toMatch(/^ERR\|\|PID\^1\^5\^1\^1\|101\^Required field missing\^HL70357\|E\|required-field-missing\^\^L\|\|\|PID-5\.1/);
    expect(second).toMatch(/^ERR\|\|\|100\^[^|]*\^HL70357\|W\|segment-expected\^\^L/);
    expect(text).not.toContain('Doe');
  });

  test('before v2.5 the ERR has ERR-1 and the words are in MSA-3', () => {
    const [msh, msa, err] = acknowledge(MSH.replace('2.5.1', '2.3.1'), { code: 'AE', issues: [MISSING] }).split('\r');
    expect(msh).toContain('|ACK^R01|');
    expect(msa).toMatch(/^MSA\|AE\|MSG00017\|PID-5\.1/);
    expect(err).toMatch(/^ERR\|PID\^1\^5\^101&Required field missing&HL70357&required-field-missing&/);
  });

  test.each([
    ['2.1', 'ACK'],
    ['2.3', 'ACK^R01'],
    ['2.4', 'ACK^R01^ACK'],
    ['2.8', 'ACK^R01^ACK'],
    ['', 'ACK^R01^ACK'],
  ])('MSH-9 of version %j is %s', (version, type) => {
    expect(acknowledge(MSH.replace('2.5.1', version)).split('\r')[0]?.split('|')[8]).toBe(type);
  });

  test('is written with the sender’s delimiters', () => {
    const text = acknowledge('MSH#!@%*#A#B#C#D#2026##ADT!A01#M%F%7#P#2.5', { code: 'AE', issues: [MISSING] });
    expect(text).toMatch(/^MSH#!@%\*#C#D#A#B#20260102093000\.000\+0000##ACK!A01!ACK#K1#P#2\.5\rMSA#AE#M%F%7\rERR##PID!1!5!1!1#101!/);
  });

  test('can be made where only a piece of the MSH could be read, or none', () => {
    expect(acknowledge('MSH|^~\\&|LAB|HOSP|EHR', { code: 'AR' })).toMatch(
      /^MSH\|\^~\\&\|EHR\|\|LAB\|HOSP\|[^|]*\|\|ACK\|K1\|P\|2\.5\.1\rMSA\|AR\r$/,
    );
    expect(acknowledge('nothing', { code: 'AR' })).toMatch(/^MSH\|\^~\\&\|\|\|\|\|[^|]*\|\|ACK\|K1\|P\|2\.5\.1\rMSA\|AR\r$/);
    expect(acknowledge('MSH|^^^^|LAB|HOSP|||||ADT^A01|M1|P|2.5', { code: 'AR' })).toContain('MSA|AR|M1\r');
  });

  test.each([
    ['\u001c', '\\X1C\\'],
    ['a\u001c', 'a\\X1C\\'],
    ['\u000b', '\\X0B\\'],
    ['A\\X0D\\PID', 'A\\X0D\\PID'],
    ['M^1&2', 'M^1&2'],
    ['x'.repeat(10_240), 'x'.repeat(10_240)],
    ['x'.repeat(1_000_000), 'x'.repeat(20_000)],
  ])('a control id cannot break it: %#', (id, echoed) => {
    const message = parseMessage(acknowledge(MSH.replace('MSG00017', id)));
    expect(message.ok && message.value.segments.map((segment) => segment.name)).toEqual(['MSH', 'MSA']);
    expect(message.ok && message.value.segments[1]?.rawField(2)).toBe(echoed);
  });

  test('lists at most 100 issues and counts the rest', () => {
    const lines = acknowledge(MSH, { code: 'AE', issues: Array.from({ length: 250 }, () => MISSING) }).split('\r');
    expect(lines.filter((line) => line.startsWith('ERR'))).toHaveLength(101);
    expect(lines.at(-2)).toContain('150');
  });

  test('of any header it has exactly MSH, MSA and ERR, and is read back', () => {
    const part = fc.constantFrom('|', '^', '~', '\\', '&', 'A', '1', '\u001c', '\u0000', 'é', '"', '#');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), fc.boolean(), (parts, standard) => {
        const text = acknowledge(`MSH${standard ? '|^~\\&|' : ''}${parts.join('')}`, {
          code: 'AR',
          issues: [issue('header-unreadable', { reason: 'a^b|c' })],
        });
        const message = parseMessage(text);
        expect(message.ok && message.value.segments.map((segment) => segment.name)).toEqual(['MSH', 'MSA', 'ERR']);
        expect(text.endsWith('\r')).toBe(true);
        expect(text.split('').some((character) => character < ' ' && character !== '\r')).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});
