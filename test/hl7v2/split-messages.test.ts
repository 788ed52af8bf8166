import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeText } from '../../src/hl7v2/charset.ts';
import { isBatch, splitBytes, type SplitMessages } from '../../src/hl7v2/split-messages.ts';
import { writeBatchAnswer } from '../../src/hl7v2/write-batch.ts';

const one = 'MSH|^~\\&|A|B|||||ADT^A01|1|P|2.5\rPID|1\r';
const two = 'MSH|^~\\&|A|B|||||ADT^A01|2|P|2.5\rPID|2\r';

/** The messages of a text, as text. */
function splitMessages(text: string): SplitMessages<string> {
  const split = splitBytes(Buffer.from(text));
  return { ...split, messages: split.messages.map((bytes) => Buffer.from(bytes).toString()) };
}

describe('the messages of a text', () => {
  test('one message is itself', () => {
    const split = splitMessages(one);
    expect(split.messages).toEqual([one]);
    expect(isBatch(split)).toBe(false);
  });

  test('a message ends where the next begins', () => {
    const split = splitMessages(`${one}\n${two.replaceAll('\r', '\r\n')}`);
    expect(split.messages).toEqual([`${one}\n`, two.replaceAll('\r', '\r\n')]);
    expect(isBatch(split)).toBe(true);
  });

  test('a batch gives its messages and agrees with its trailers', () => {
    const split = splitMessages(`FHS|^~\\&|X\rBHS|^~\\&|Y\r${one}${two}BTS|2\rFTS|1\r`);
    expect(split.messages).toEqual([one, two]);
    expect(split.fileHeader).toBe('FHS|^~\\&|X');
    expect(split.batches).toEqual([{ header: 'BHS|^~\\&|Y', count: 2 }]);
    expect(split.issues).toEqual([]);
    expect(isBatch(splitMessages(`BHS|^~\\&|Y\r${one}BTS|1\r`))).toBe(true);
  });

  test.each([
    [`BHS|^~\\&\r${one}BTS|2\r`, { stated: '2', counted: '1' }],
    [`BHS|^~\\&\r${one}BTS|x\r`, { stated: 'no number', counted: '1' }],
    [`FHS|^~\\&\rBHS|^~\\&\r${one}BTS|1\rFTS|3`, { stated: '3', counted: '1' }],
    [`BHS|^~\\&\r${one}`, { counted: '1' }],
  ])('a wrong or missing count is said: %#', (text, parameters) => {
    expect(splitMessages(text).issues).toEqual([
      expect.objectContaining({ id: 'batch-count-wrong', parameters: expect.objectContaining(parameters) }),
    ]);
  });

  test('an empty BTS-1 agrees with everything', () => {
    expect(splitMessages(`BHS|^~\\&\r${one}BTS\r`).issues).toEqual([]);
  });

  test('what stands before an MSH is never dropped', () => {
    expect(splitMessages(`PID|0\r${one}`).messages).toEqual([`PID|0\r${one}`]);
    expect(splitMessages(`BHS|^~\\&\r${one}BTS|1\rPID|9\r`).messages).toEqual([one, 'PID|9\r']);
  });

  test('blank text has no message, and a text without MSH is one that cannot be read', () => {
    expect(splitMessages(' \r\n').messages).toEqual([]);
    expect(splitMessages('hello').messages).toEqual(['hello']);
  });

  test('MSH inside a field or a longer name begins nothing', () => {
    const text = `${one}NTE|1||see MSH|x\rMSHX|1\rNTE|2||a line break\nMSH is short for message header\nBTS too`;
    expect(splitMessages(text).messages).toEqual([text]);
  });

  test('messages whose only segment ends are the two characters \\r are told apart', () => {
    const literal = (one + two).replaceAll('\r', '\\r');
    expect(splitMessages(literal).messages).toHaveLength(2);
  });

  test('every character that is not blank is in a message or in the envelope', () => {
    const line = fc.constantFrom('MSH|^~\\&|A', 'PID|1', 'BHS|^~\\&', 'BTS|1', 'FHS|^~\\&', 'FTS|1', 'x', '', 'MSH', '\uFEFFMSH|^~\\&');
    fc.assert(
      fc.property(fc.array(fc.tuple(line, fc.constantFrom('\r', '\n', '\r\n')), { maxLength: 30 }), (lines) => {
        const text = lines.map(([words, end]) => words + end).join('');
        const split = splitMessages(text);
        const kept = split.messages
          .join('\n')
          .split(/[\r\n]+/)
          .filter((words) => words.trim() !== '');
        const sent = lines.map(([words]) => words.replaceAll('\uFEFF', '')).filter((words) => words !== '' && !/^[BF][HT]S/.test(words));
        expect(kept.map((words) => words.replaceAll('\uFEFF', ''))).toEqual(sent);
        expect(split.batches.reduce((sum, batch) => sum + batch.count, 0)).toBe(split.messages.length);
        for (const message of split.messages) expect([...message.matchAll(/(?<=^|[\r\n])MSH\|/g)].length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the messages of bytes', () => {
  test('come out as the very bytes, whatever their character set', () => {
    const first = Buffer.concat([Buffer.from('MSH|^~\\&|A\rPID|'), Buffer.of(0xe9, 0xff, 0x80), Buffer.from('\r')]);
    const split = splitBytes(Buffer.concat([first, Buffer.from(two)]));
    expect(split.messages.map((message) => Buffer.from(message).toString('latin1'))).toEqual([first.toString('latin1'), two]);
    expect(split.envelopeCharset).toBe('ISO-8859-1');
  });

  test('come apart where their text does', () => {
    const line = fc.constantFrom(
      'MSH|^~\\&|A',
      'PID|1',
      'BHS|^~\\&',
      'BTS|1',
      'FTS|1',
      'x',
      ' ',
      '',
      'MSH',
      '\u00EF\u00BB\u00BFMSH|^~\\&|B',
    );
    const end = fc.constantFrom('\r', '\n', '\r\n', '\\r', ' ');
    fc.assert(
      fc.property(fc.array(fc.tuple(line, end), { maxLength: 6 }), fc.boolean(), (lines, begins) => {
        const text = (begins ? 'MSH|^~\\&|Z\r' : '') + lines.flat().join('');
        // What is UTF-16 is always cut as text.
        const same = splitBytes(Buffer.from(`\uFEFF${text}`, 'utf16le'));
        const texts = same.messages.map((message) => Buffer.from(message).toString('utf16le').replace('\uFEFF', ''));
        const split = splitBytes(Buffer.from(text, 'latin1'));
        expect(split.messages.map((message) => Buffer.from(message).toString('latin1'))).toEqual(texts);
        expect([split.batches, split.issues]).toEqual([same.batches, same.issues]);
      }),
      { numRuns: 5000 },
    );
  });

  test('UTF-16 is split between characters', () => {
    const encoded = encodeText(one + two, 'UTF-16LE');
    const split = splitBytes(encoded.ok ? encoded.value : Buffer.of());
    expect(split.messages.map((message) => Buffer.from(message).toString('utf16le'))).toEqual([one, two]);
    expect(split.envelopeCharset).toBe('UTF-16LE');
  });
});

describe('the answer to a batch', () => {
  const options = { now: Date.UTC(2026, 0, 2, 9, 30), newId: () => 'K9' };

  test('swaps the parties, refers to the batch and counts the answers', () => {
    const split = splitMessages(`FHS|^~\\&|S|SF|R|RF|2026||||F1\rBHS|^~\\&|S|SF|R|RF|2026||||B1\r${one}${two}BTS|2\rFTS|1\r`);
    expect(writeBatchAnswer(split, [2], options)).toEqual({
      before: 'FHS|^~\\&|R|RF|S|SF|20260102093000.000+0000||||K9|F1\r',
      batches: [{ before: 'BHS|^~\\&|R|RF|S|SF|20260102093000.000+0000||||K9|B1\r', after: 'BTS|2\r' }],
      after: 'FTS|1\r',
    });
  });

  test('messages without an envelope are answered in a plain one', () => {
    const answer = writeBatchAnswer(splitMessages(one + two), [2], options);
    expect(answer).toMatchObject({ before: '', after: '' });
    expect(answer.batches).toEqual([{ before: 'BHS|^~\\&|||||20260102093000.000+0000||||K9\r', after: 'BTS|2\r' }]);
  });
});
