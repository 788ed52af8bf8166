import { createGatheredBytes } from './gathered-bytes.ts';

/** Begins a frame. Source: HL7 transport specification MLLP release 1 */
export const VT = 0x0b;
/** With CR after it, ends a frame. */
const FS = 0x1c;
const CR = 0x0d;
const LF = 0x0a;
const LONE_FS = Uint8Array.of(FS);

/** How much of an oversize frame is kept to read its header from. Units: bytes */
const HEAD_BYTES = 65_536;

/** What a stream of bytes turned out to hold. */
export type FrameEvent =
  /** A whole message, without its framing. */
  | { readonly kind: 'frame'; readonly bytes: Uint8Array }
  /** A frame that was begun and never ended: another began, or the stream did. */
  | { readonly kind: 'partial'; readonly bytes: Uint8Array }
  /** A frame grew over the limit; nothing after it is read. */
  | { readonly kind: 'oversize'; readonly head: Uint8Array };

/** How frames are told apart. */
export interface FrameRules {
  /** Units: bytes of content */
  readonly maxFrameBytes: number;
  /** A frame ends with FS CR alone. Else FS before the VT of the next frame, and FS before silence, end one too. */
  readonly strict?: boolean;
}

/** A reader of MLLP frames: any cutting of the same bytes into chunks gives the same events. */
export interface FrameDecoder {
  push(chunk: Uint8Array): FrameEvent[];
  /** Silence after an FS: the sender leaves out the CR and waits for its answer. */
  flush(): FrameEvent[];
  /** The stream has ended. */
  end(): FrameEvent[];
  /** Bytes of the frame that is being read. */
  readonly bufferedBytes: number;
  /** Whether a frame was begun and not ended. */
  readonly isInside: boolean;
  /** Whether the last byte was an FS that may end the frame. */
  readonly awaitsCr: boolean;
  /** Bytes outside frames since the start, line ends aside. */
  readonly junkBytes: number;
}

/** `fs` is inside a frame, after an FS. */
type State = 'outside' | 'inside' | 'fs' | 'closed';

/**
 * Reads frames `VT content FS CR` in one pass over the bytes. An FS that no CR follows is content.
 *
 * Source: HL7 MLLP release 1; intake.md "Framing (MLLP)"
 */
export function createFrameDecoder({ maxFrameBytes, strict = false }: FrameRules): FrameDecoder {
  let state: State = 'outside';
  let junkBytes = 0;
  const content = createGatheredBytes();

  const frame = (next: State): FrameEvent => {
    state = next;
    return { kind: 'frame', bytes: content.take() };
  };
  const partial = (next: State): FrameEvent => {
    state = next;
    return { kind: 'partial', bytes: content.take() };
  };

  return {
    push(chunk) {
      const events: FrameEvent[] = [];
      const next = nextMark(chunk);
      let index = 0;
      while (index < chunk.length && state !== 'closed') {
        if (state === 'outside') {
          const start = chunk.indexOf(VT, index);
          const end = start === -1 ? chunk.length : start;
          for (; index < end; index++) if (chunk[index] !== CR && chunk[index] !== LF) junkBytes++;
          if (start === -1) break;
          state = 'inside';
          index++;
        } else if (state === 'fs') {
          const byte = chunk[index];
          if (byte === CR || (byte === VT && !strict)) {
            events.push(frame(byte === CR ? 'outside' : 'inside'));
            index++;
          } else {
            content.add(LONE_FS);
            state = 'inside';
          }
        } else {
          const mark = next(index);
          content.add(chunk.subarray(index, mark));
          index = mark + 1;
          if (content.length > maxFrameBytes) {
            events.push({ kind: 'oversize', head: content.take(Math.min(HEAD_BYTES, maxFrameBytes + 1)) });
            state = 'closed';
          } else if (chunk[mark] === FS) state = 'fs';
          else if (chunk[mark] === VT) events.push(partial('inside'));
        }
      }
      return events;
    },
    flush() {
      return state === 'fs' && !strict ? [frame('outside')] : [];
    },
    end() {
      if (state === 'fs' && !strict) return [frame('closed')];
      if (state === 'fs') content.add(LONE_FS);
      const inside = state === 'inside' || state === 'fs';
      state = 'closed';
      return inside ? [partial('closed')] : [];
    },
    get bufferedBytes() {
      return content.length;
    },
    get isInside() {
      return state === 'inside' || state === 'fs';
    },
    get awaitsCr() {
      return state === 'fs';
    },
    get junkBytes() {
      return junkBytes;
    },
  };
}

/** Finds the next FS or VT of a chunk at or after a place; its end where there is none. Each is looked for once. */
function nextMark(chunk: Uint8Array): (from: number) => number {
  const places = new Map<number, number>();
  const nextOf = (byte: number, from: number): number => {
    const known = places.get(byte) ?? -1;
    if (known >= from) return known;
    const found = chunk.indexOf(byte, from);
    const place = found === -1 ? chunk.length : found;
    places.set(byte, place);
    return place;
  };
  return (from) => Math.min(nextOf(FS, from), nextOf(VT, from));
}

/** A message in its frame. */
export function encodeFrame(message: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(VT), message, Uint8Array.of(FS, CR)]);
}

/**
 * The messages of a file of frames; what stands outside frames or is not ended is counted.
 * Undefined when the bytes hold no frame at all.
 */
export function unframe(bytes: Uint8Array): { readonly frames: readonly Uint8Array[]; readonly junkBytes: number } | undefined {
  if (bytes.indexOf(VT) === -1) return undefined;
  const decoder = createFrameDecoder({ maxFrameBytes: Number.POSITIVE_INFINITY });
  const events = [...decoder.push(bytes), ...decoder.end()];
  // A frame that was cut off is a message still: it is read, and says itself what is wrong with it.
  return { frames: events.map((event) => (event.kind === 'oversize' ? event.head : event.bytes)), junkBytes: decoder.junkBytes };
}
