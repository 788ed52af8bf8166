import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acknowledgmentCodeOf } from '../../src/issue/error-segment.ts';
import { writeAcknowledgment } from '../../src/hl7v2/acknowledgment.ts';
import { decodeMessage, headerOfBytes } from '../../src/hl7v2/decode-message.ts';
import { headerOf } from '../../src/hl7v2/header.ts';
import { parseMessage } from '../../src/hl7v2/parse-message.ts';
import { splitBytes } from '../../src/hl7v2/split-messages.ts';
import { writeMessage } from '../../src/hl7v2/write-message.ts';
import { haveSamples, sampleBytes, sampleNames } from './samples.ts';

/** What is odd about a sample, said by the reader; the others are read without a word. */
const ODD: Readonly<Record<string, readonly string[]>> = {
  'lfh-sample_unix.hl7': ['encoding-characters-unusual', 'segment-end-unusual'],
  'ruby-realm-campylobacter-jejuni.hl7': ['encoding-characters-unusual'],
};

describe.skipIf(!haveSamples)('44 real messages (needs ../shared)', () => {
  test('are all there', () => expect(sampleNames.length).toBe(44));

  test.each(sampleNames)('%s is read, and written back as it was', (name) => {
    const { messages } = splitBytes(sampleBytes(name));
    expect(messages.length).toBe(name === 'rs-batch_message.hl7' ? 2 : 1);
    for (const bytes of messages) {
      const decoded = decodeMessage(bytes);
      if (!decoded.ok) expect.fail(JSON.stringify(decoded.issues));
      const parsed = parseMessage(decoded.value.text);
      if (!parsed.ok) expect.fail(JSON.stringify(parsed.issues));
      expect(acknowledgmentCodeOf(parsed.issues)).toBe('AA');
      expect(parsed.issues.map((item) => item.id)).toEqual(ODD[name] ?? []);
      expect(headerOf(parsed.value).controlId).not.toBe('');
      const lines = decoded.value.text
        .replace(/^\uFEFF/, '')
        .split(/\\r[\r\n]+|[\r\n]+/)
        .filter((line) => line.trim() !== '');
      expect(writeMessage(parsed.value.segments)).toBe(`${lines.join('\r')}\r`);
    }
  });

  test('damaged at any places, they are still read or refused, and always answered', () => {
    const damage = fc.tuple(fc.nat(), fc.constantFrom('', '|', '^', '~', '\\', '&', '\r', '\n', '\0', '\u00ff', 'MSH|', '\u001c', '"'));
    fc.assert(
      fc.property(
        fc.constantFrom(...sampleNames),
        fc.array(damage, { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        (name, damages, early) => {
          let text = Buffer.from(sampleBytes(name)).toString('latin1');
          for (const [place, put] of damages) {
            const at = place % (early ? 80 : text.length);
            text = text.slice(0, at) + put + text.slice(at + 1);
          }
          for (const bytes of splitBytes(Buffer.from(text, 'latin1')).messages) {
            const decoded = decodeMessage(bytes, { defaultCharset: 'ISO-8859-1' });
            const parsed = decoded.ok ? parseMessage(decoded.value.text) : decoded;
            const header = decoded.ok && parsed.ok ? headerOf(parsed.value) : headerOfBytes(bytes);
            const answer = parseMessage(
              writeAcknowledgment({ header, code: acknowledgmentCodeOf(parsed.issues), issues: parsed.issues, controlId: 'K1', now: 0 }),
            );
            const names = answer.ok ? answer.value.segments.map((segment) => segment.name).join(' ') : '';
            expect(names).toMatch(/^MSH MSA( ERR)*$/);
            expect(parsed.ok || parsed.issues.length > 0).toBe(true);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('own delimiters, escapes and letters beyond ASCII are read', () => {
    const read = (name: string) => {
      const decoded = decodeMessage(sampleBytes(name));
      const parsed = parseMessage(decoded.ok ? decoded.value.text : '');
      return parsed.ok ? parsed.value : expect.fail(name);
    };
    expect(headerOf(read('rh-edge-custom-delimiters.hl7'))).toMatchObject({ messageCode: 'ADT', event: 'A01', controlId: 'MSG007' });
    expect(read('rh-edge-escaped-delimiters.hl7').segments.some((segment) => segment.rawField(5).includes('\\F\\'))).toBe(true);
    expect(headerOf(read('ruby-realm-campylobacter-jejuni.hl7')).sendingApplication).toBe('Lab1');
  });
});
