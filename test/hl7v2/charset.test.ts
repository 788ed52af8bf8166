import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHARSETS, charsetOf, decodeStrictly, encodeText } from '../../src/hl7v2/charset.ts';
import { decodeMessage, headerOfBytes } from '../../src/hl7v2/decode-message.ts';
import { publish } from '../long/figures.ts';

function message(charset: string, name: Uint8Array | string = 'x'): Uint8Array {
  return Buffer.concat([
    Buffer.from(`MSH|^~\\&|LAB|HOSP|||||ADT^A01|M1|P|2.5.1||||||${charset}\rPID|||||`),
    typeof name === 'string' ? Buffer.from(name) : name,
  ]);
}

function idsOf(result: { issues: readonly { id: string }[] }): string[] {
  return result.issues.map((item) => item.id);
}

describe('character sets', () => {
  test.each([
    ['ASCII', 'US-ASCII'],
    ['8859/1', 'ISO-8859-1'],
    ['8859/15', 'ISO-8859-15'],
    ['ISO-8859-9', 'ISO-8859-9'],
    ['iso8859-2', 'ISO-8859-2'],
    ['ISO IR100', 'ISO-8859-1'],
    ['ISO_IR 192', 'UTF-8'],
    ['UNICODE UTF-8', 'UTF-8'],
    ['UNICODE', 'UTF-8'],
    ['utf8', 'UTF-8'],
    ['UNICODE UTF-16', 'UTF-16BE'],
    ['Windows-1252', 'windows-1252'],
    ['GB 18030-2000', 'GB18030'],
    ['KS X 1001', 'EUC-KR'],
    ['BIG-5', 'Big5'],
  ])('%s is %s', (label, charset) => expect(charsetOf(label)).toBe(charset));

  test('a label that is none, or none that is read here, is not guessed', () => {
    for (const label of ['', '8859/12', 'ISO IR87', 'EBCDIC', 'constructor', 'UNICODE UTF-32']) expect(charsetOf(label)).toBeUndefined();
  });

  test('every byte that means something comes back as it was', () => {
    const charsets = CHARSETS.filter((name) => name.startsWith('ISO') || name === 'windows-1252' || name === 'US-ASCII');
    let changed = 0;
    let meaningless = 0;
    for (const charset of charsets) {
      for (let byte = 0; byte < 256; byte++) {
        const decoded = decodeStrictly(Uint8Array.of(0x41, byte), charset);
        if (!decoded.ok) {
          expect(decoded.offset).toBe(1);
          meaningless += 1;
          continue;
        }
        expect(decoded.text).not.toContain('\uFFFD');
        const encoded = encodeText(decoded.text, charset);
        changed += Number(!encoded.ok || encoded.value[0] !== 0x41 || encoded.value[1] !== byte || encoded.value.length !== 2);
      }
    }
    publish('T-15 character sets', {
      'sets of one byte a character, each with its 256 bytes': charsets.length,
      'sets of several': CHARSETS.length - charsets.length,
      'bytes that mean nothing, refused with their place': meaningless,
      'bytes that came back as others': changed,
    });
    expect(changed).toBe(0);
  });

  test('any text comes back through Unicode', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom('UTF-8' as const, 'UTF-16LE' as const, 'UTF-16BE' as const),
        (text, charset) => {
          const encoded = encodeText(text, charset);
          const decoded = encoded.ok ? decodeStrictly(encoded.value, charset) : encoded;
          expect(decoded.ok && decoded.text).toBe(text);
        },
      ),
    );
  });

  test('a character the set lacks is an issue, never a question mark', () => {
    const result = encodeText('café', 'US-ASCII');
    expect(idsOf(result)).toEqual(['characters-undecodable']);
    expect(result.issues[0]?.parameters).toMatchObject({ offset: '3' });
  });

  test('invalid UTF-8 is found at its first byte', () => {
    for (const [bytes, offset] of [
      [[0x41, 0xff], 1],
      [[0xc3, 0xa9, 0x80, 0x41], 2],
      [[0x41, 0x42, 0xe2, 0x82], 2],
      [[0xe2, 0x82, 0x41], 0],
    ] as const) {
      expect(decodeStrictly(Uint8Array.from(bytes), 'UTF-8')).toEqual({ ok: false, offset });
    }
  });
});

describe('decoding a message', () => {
  test('MSH-18 rules', () => {
    const result = decodeMessage(message('8859/1', Uint8Array.of(0xe9)));
    expect(result.ok && result.value).toMatchObject({ charset: 'ISO-8859-1', text: expect.stringContaining('PID|||||é') });
  });

  test('of several sets in MSH-18 the first is the message’s', () => {
    const result = decodeMessage(message('UNICODE UTF-8~ISO IR87', 'é'));
    expect(result.ok && result.value.charset).toBe('UTF-8');
  });

  test('an empty MSH-18 is the transport’s set, the sender’s, or UTF-8', () => {
    const bytes = message('', Uint8Array.of(0xe9));
    const sender = decodeMessage(bytes, { defaultCharset: '8859/1' });
    expect(sender.ok && sender.value.text).toContain('é');
    const transport = decodeMessage(bytes, { transportCharset: 'iso-8859-15', defaultCharset: 'UTF-8' });
    expect(transport.ok && transport.value.charset).toBe('ISO-8859-15');
    const plain = decodeMessage(message('', 'é'));
    expect(plain.ok && plain.value.charset).toBe('UTF-8');
    expect(idsOf(decodeMessage(bytes))).toEqual(['characters-undecodable']);
  });

  test('bytes that mean nothing are an issue with their offset, never a replacement character', () => {
    const bytes = message('ASCII', 'é');
    const result = decodeMessage(bytes);
    expect(result.ok).toBe(false);
    expect(result.issues[0]).toMatchObject({
      id: 'characters-undecodable',
      parameters: { offset: String(bytes.length - 2), charset: 'US-ASCII' },
    });
    expect(idsOf(decodeMessage(message('UNICODE UTF-8', Uint8Array.of(0xe9))))).toEqual(['characters-undecodable']);
  });

  test('a set that is not read here is said', () => {
    expect(idsOf(decodeMessage(message('ISO IR87')))).toEqual(['charset-unsupported']);
    expect(idsOf(decodeMessage(message(''), { defaultCharset: 'EBCDIC' }))).toEqual(['charset-unsupported']);
  });

  test('a transport that says another set is warned about where it matters', () => {
    expect(idsOf(decodeMessage(message('8859/1', Uint8Array.of(0xe9)), { transportCharset: 'utf-8' }))).toEqual(['charset-conflict']);
    expect(idsOf(decodeMessage(message('8859/1'), { transportCharset: 'utf-8' }))).toEqual([]);
  });

  test('UTF-16 is read with and without a byte order mark', () => {
    const text = 'MSH|^~\\&|LAB|HOSP|||||ADT^A01|M1|P|2.5.1||||||UNICODE UTF-16\rPID|||||é';
    for (const charset of ['UTF-16LE', 'UTF-16BE'] as const) {
      for (const mark of ['', '\uFEFF']) {
        const encoded = encodeText(text, charset);
        const bytes = encoded.ok
          ? Buffer.concat([Buffer.from(mark === '' ? [] : charset === 'UTF-16LE' ? [0xff, 0xfe] : [0xfe, 0xff]), encoded.value])
          : Buffer.of();
        const result = decodeMessage(bytes);
        expect(result.ok && result.value).toEqual({ text, charset });
        expect(headerOfBytes(bytes).controlId).toBe('M1');
      }
    }
  });

  test('a UTF-8 byte order mark hides no header', () => {
    const bytes = Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), message('8859/1', 'é')]);
    expect(headerOfBytes(bytes)).toMatchObject({ controlId: 'M1', sender: 'LAB|HOSP' });
    const result = decodeMessage(bytes);
    expect(result.ok && result.value).toMatchObject({ charset: 'UTF-8', text: expect.stringMatching(/^MSH[^]*é$/) });
  });

  test('bytes that call themselves UTF-16 and are not are no text', () => {
    expect(idsOf(decodeMessage(message('UNICODE UTF-16')))).toEqual(['characters-undecodable']);
    expect(idsOf(decodeMessage(message(''), { transportCharset: 'utf-16' }))).toEqual(['characters-undecodable']);
  });

  test('any bytes give a text or an issue', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (noise, header) => {
        const bytes = header ? message('8859/7', noise) : noise;
        const result = decodeMessage(bytes);
        expect(
          result.ok
            ? !result.value.text.includes('\uFFFD') || Buffer.from(bytes).includes('\uFFFD') || result.value.charset.startsWith('UTF-16')
            : result.issues.length === 1,
        ).toBe(true);
        headerOfBytes(bytes);
      }),
    );
  });
});
