import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FrameEvent, createFrameDecoder, encodeFrame, unframe } from '../../src/wire/frame.ts';
import { publish } from '../long/figures.ts';

const CASES = 20_000;

interface Heard {
  readonly events: readonly string[];
  readonly junk: number;
}

/** What a decoder says of chunks, with VT, FS and CR written as < > and / */
function hear(chunks: readonly Uint8Array[], rules: { maxFrameBytes?: number; strict?: boolean } = {}): Heard {
  const decoder = createFrameDecoder({ maxFrameBytes: 1000, ...rules });
  const events = [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()];
  return { events: events.map(words), junk: decoder.junkBytes };
}

function words(event: FrameEvent): string {
  const bytes = event.kind === 'oversize' ? event.head : event.bytes;
  return `${event.kind} ${Buffer.from(bytes).toString('latin1').replaceAll('\u000b', '<').replaceAll('\u001c', '>').replaceAll('\r', '/')}`;
}

function stream(text: string): Buffer {
  return Buffer.from(text.replaceAll('<', '\u000b').replaceAll('>', '\u001c').replaceAll('/', '\r'), 'latin1');
}

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).toSorted((one, other) => one - other), bytes.length];
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

describe('frames', () => {
  test.each([
    ['<a>/', ['frame a'], 0],
    ['<a>/<b>/', ['frame a', 'frame b'], 0],
    ['<>/', ['frame '], 0],
    ['xx<a>/\0y\n<b>/', ['frame a', 'frame b'], 4],
    ['<a>/\n<b>/\r\n', ['frame a', 'frame b'], 0],
    ['<a>b>/', ['frame a>b'], 0],
    ['<a>>/', ['frame a>'], 0],
    ['<a><b>/', ['frame a', 'frame b'], 0],
    ['<a<b>/', ['partial a', 'frame b'], 0],
    ['<a/b>/', ['frame a/b'], 0],
    ['<a>', ['frame a'], 0],
    ['<a', ['partial a'], 0],
    ['a>/', [], 2],
    ['', [], 0],
  ] as const)('%j', (text, events, junk) => expect(hear([stream(text)])).toEqual({ events, junk }));

  test('strict wants the CR', () => {
    expect(hear([stream('<a><b>/')], { strict: true }).events).toEqual(['partial a>', 'frame b']);
    expect(hear([stream('<a>')], { strict: true }).events).toEqual(['partial a>']);
  });

  test('silence after FS ends a frame, and the CR that comes late is no junk', () => {
    const decoder = createFrameDecoder({ maxFrameBytes: 10 });
    expect(decoder.push(stream('<a>'))).toEqual([]);
    expect(decoder.awaitsCr).toBe(true);
    expect(decoder.flush().map(words)).toEqual(['frame a']);
    expect(decoder.push(stream('/<b>/')).map(words)).toEqual(['frame b']);
    expect(decoder.junkBytes).toBe(0);
    expect(decoder.flush()).toEqual([]);
    const strict = createFrameDecoder({ maxFrameBytes: 10, strict: true });
    strict.push(stream('<a>'));
    expect(strict.flush()).toEqual([]);
  });

  test('a frame over the limit ends the reading, and its beginning is kept', () => {
    expect(hear([stream('<12345>/<123456>/<7>/')], { maxFrameBytes: 5 }).events).toEqual(['frame 12345', 'oversize 123456']);
  });

  test('any cutting of any stream gives the same messages', () => {
    const text = fc
      .array(fc.constantFrom('<', '>', '/', '>/', '<a>/', 'x', '\n', '\0', '0123456789'), { maxLength: 40 })
      .map((parts) => stream(parts.join('')));
    let cases = 0;
    let others = 0;
    const property = fc.property(
      text,
      fc.array(fc.nat(), { maxLength: 20 }),
      fc.boolean(),
      fc.constantFrom(8, 1000),
      (bytes, places, strict, maxFrameBytes) => {
        const whole = hear([bytes], { strict, maxFrameBytes });
        const cuts = [places, [...bytes.keys()]].map((at) => hear(cut(bytes, at), { strict, maxFrameBytes }));
        cases += 1;
        if (!isDeepStrictEqual(cuts, [whole, whole])) others += 1;
        expect(cuts).toEqual([whole, whole]);
      },
    );
    try {
      fc.assert(property, { numRuns: CASES });
    } finally {
      publish('T-05 framing, any cutting of any stream', { cases, 'cases with another message for another cutting': others });
    }
  });

  test('what was framed comes out as it went in', () => {
    const message = fc
      .uint8Array({ maxLength: 60 })
      .map((bytes) => bytes.map((byte) => (byte === 0x0b ? 0x20 : byte === 0x1c ? 0x21 : byte)));
    fc.assert(
      fc.property(fc.array(message, { maxLength: 10 }), fc.array(fc.nat(), { maxLength: 10 }), (messages, places) => {
        const bytes = Buffer.concat(messages.map(encodeFrame));
        expect(hear(cut(bytes, places)).events).toEqual(messages.map((content) => words({ kind: 'frame', bytes: content })));
      }),
    );
  });

  test('16 MB in small chunks are one frame', () => {
    const decoder = createFrameDecoder({ maxFrameBytes: 16 * 1024 * 1024 });
    decoder.push(stream('<'));
    for (let count = 0; count < 16 * 1024; count++) decoder.push(Buffer.alloc(1024, 'x'));
    expect(decoder.bufferedBytes).toBe(16 * 1024 * 1024);
    const [event] = decoder.push(stream('>/'));
    expect(event?.kind === 'frame' && event.bytes.length).toBe(16 * 1024 * 1024);
  });

  test('a frame that comes byte by byte is whole and in order', () => {
    const decoder = createFrameDecoder({ maxFrameBytes: 1_000_000 });
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => 0x20 + (index % 0x5f)));
    for (const byte of encodeFrame(bytes).subarray(0, -1)) expect(decoder.push(Uint8Array.of(byte))).toEqual([]);
    expect(decoder.bufferedBytes).toBe(100_000);
    expect(decoder.push(stream('/'))).toEqual([{ kind: 'frame', bytes }]);
  });

  test('a file of frames gives its messages, one cut off among them', () => {
    expect(unframe(stream('no frames'))).toBeUndefined();
    const file = unframe(stream('x<a>/<b'));
    expect(file?.frames.map((bytes) => Buffer.from(bytes).toString())).toEqual(['a', 'b']);
    expect(file?.junkBytes).toBe(1);
  });
});
