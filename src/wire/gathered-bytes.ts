/** Fewer are not worth giving back. Units: bytes */
const SMALL = 1024;

/** The room that pieces are laid into at first; it doubles while it is small. Units: bytes */
const ROOM = 16_384;

/** More than this is laid into memory that grows in its place. Units: bytes */
const LARGE = 128 * 1024;
/** What it grows by, and the addresses set aside for it, which cost nothing. Units: bytes */
const STEP = 256 * 1024;
const SET_ASIDE = 128 * STEP;

/** Bytes that come in pieces and are wanted whole. */
export interface GatheredBytes {
  readonly length: number;
  /** The piece is not to be used afterwards. */
  add(piece: Uint8Array): void;
  /** All of them, or the first of them, in one piece; nothing is left. */
  take(most?: number): Uint8Array;
}

/**
 * Gathers pieces of any size at a cost that follows the bytes, not the number of pieces. A single piece is not copied; many megabytes are in
 * memory once, never twice to be put together.
 */
export function createGatheredBytes(): GatheredBytes {
  /** The first piece, while it is the only one. */
  let only: Uint8Array | undefined;
  let room: Uint8Array | undefined;
  let length = 0;

  const lay = (piece: Uint8Array, at: number): void => {
    room = roomFor(at + piece.length, room, at);
    room.set(piece, at);
    giveBack(piece);
  };

  return {
    get length() {
      return length;
    },
    add(piece) {
      const after = length + piece.length;
      if (length === 0) only = piece;
      else {
        if (only !== undefined) lay(only, 0);
        only = undefined;
        lay(piece, length);
      }
      length = after;
    },
    take(most = length) {
      const gathered = only ?? room ?? new Uint8Array();
      const end = Math.min(length, most);
      const isWhole = end === length;
      [only, room, length] = [undefined, undefined, 0];
      if (gathered.buffer instanceof ArrayBuffer && gathered.buffer.resizable && isWhole) {
        gathered.buffer.resize(end);
        return Buffer.from(gathered.buffer, 0, end);
      }
      if (gathered.length === end) return gathered;
      const taken = Buffer.from(gathered.subarray(0, end));
      giveBack(gathered);
      return taken;
    },
  };
}

/** Room for so many bytes, and in it the first of those that were in the room before. */
function roomFor(bytes: number, before: Uint8Array | undefined, used: number): Uint8Array {
  if (before !== undefined && bytes <= before.length) return before;
  const rounded = Math.ceil(bytes / STEP) * STEP;
  if (before?.buffer instanceof ArrayBuffer && before.buffer.resizable && rounded <= before.buffer.maxByteLength) {
    before.buffer.resize(rounded);
    return before;
  }
  const room =
    bytes > LARGE
      ? new Uint8Array(new ArrayBuffer(rounded, { maxByteLength: Math.max(SET_ASIDE, 2 * rounded) }))
      : Buffer.allocUnsafeSlow(Math.max(ROOM, 2 ** Math.ceil(Math.log2(bytes))));
  if (before !== undefined) {
    room.set(before.subarray(0, used));
    giveBack(before);
  }
  return room;
}

/** The memory of what has a buffer to itself, at once: many megabytes would wait for the garbage collector, and it for more of them. */
function giveBack({ buffer, length }: Uint8Array): void {
  if (length >= SMALL && length === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
