/** Pieces this small are copied together: one object for each byte would cost a hundred times the bytes. Units: bytes */
const SMALL = 1024;
const ROOM = 16_384;

/** Bytes that come in pieces and are wanted whole. */
export interface GatheredBytes {
  readonly length: number;
  /** The piece is not to be used afterwards. */
  add(piece: Uint8Array): void;
  /** All of them, or the first of them, in one piece; nothing is left. */
  take(most?: number): Uint8Array;
}

/** Gathers pieces of any size at a cost that follows the bytes, not the number of pieces. A single piece is not copied. */
export function createGatheredBytes(): GatheredBytes {
  let pieces: Uint8Array[] = [];
  let length = 0;
  let room: Buffer | undefined;
  let used = 0;

  const settle = (): void => {
    if (used === 0 || room === undefined) return;
    pieces.push(Buffer.from(room.subarray(0, used)));
    used = 0;
  };

  return {
    get length() {
      return length;
    },
    add(piece) {
      if (piece.length === 0) return;
      length += piece.length;
      if (piece.length >= SMALL || pieces.length === 0) {
        settle();
        pieces.push(piece);
        return;
      }
      room ??= Buffer.allocUnsafeSlow(ROOM);
      if (used + piece.length > ROOM) settle();
      room.set(piece, used);
      used += piece.length;
    },
    take(most = length) {
      settle();
      const [only] = pieces;
      const whole = pieces.length === 1 && only?.length === most ? only : Buffer.concat(firstOf(pieces, most), Math.min(length, most));
      for (const piece of pieces) if (piece !== whole) giveBack(piece);
      pieces = [];
      length = 0;
      room = undefined;
      return whole;
    },
  };
}

/** As many pieces as hold so many bytes. */
function firstOf(pieces: readonly Uint8Array[], most: number): Uint8Array[] {
  let length = 0;
  const end = pieces.findIndex((piece) => (length += piece.length) >= most);
  return pieces.slice(0, end === -1 ? pieces.length : end + 1);
}

/** The memory of a piece that has a buffer to itself, at once: many megabytes would wait for the garbage collector, and it for more of them. */
function giveBack({ buffer, length }: Uint8Array): void {
  if (length >= SMALL && length === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
