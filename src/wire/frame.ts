import { createGatheredBytes } from './gathered-bytes.ts';

/** Begins a frame. Source: HL7 transport specification MLLP release 1 */
export const VT = 0x0b;
/** With CR after it, ends a frame. */
export const FS = 0x1c;
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
      // Content of this chunk that is not kept yet begins at `from`; an FS that waits for its CR is not part of it.
      let from = 0;
      for (let index = 0; index < chunk.length && state !== 'closed'; index++) {
        const byte = chunk[index];
        if (state === 'outside') {
          if (byte === VT) {
            state = 'inside';
            from = index + 1;
          } else if (byte !== CR && byte !== LF) junkBytes++;
          continue;
        }
        if (state === 'fs') {
          if (byte === CR) {
            events.push(frame('outside'));
            continue;
          }
          if (byte === VT && !strict) {
            events.push(frame('inside'));
            from = index + 1;
            continue;
          }
          content.add(LONE_FS);
          state = 'inside';
          from = index;
        }
        if (byte === FS || byte === VT) {
          content.add(chunk.subarray(from, index));
          if (byte === FS) state = 'fs';
          else {
            events.push(partial('inside'));
            from = index + 1;
          }
        }
        if (content.length + (state === 'inside' ? index + 1 - from : 0) > maxFrameBytes) {
          if (state === 'inside') content.add(chunk.subarray(from, index + 1));
          events.push({ kind: 'oversize', head: Buffer.from(content.take().subarray(0, HEAD_BYTES)) });
          state = 'closed';
        }
      }
      if (state === 'inside') content.add(chunk.subarray(from));
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
