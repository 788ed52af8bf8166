/** Pieces this small are copied together: one object for each byte would cost a hundred times the bytes. Units: bytes */
const SMALL = 1024;
const ROOM = 16_384;

/** Bytes that come in pieces and are wanted whole. */
export interface GatheredBytes {
  readonly length: number;
  add(piece: Uint8Array): void;
  /** All of them in one piece; nothing is left. */
  take(): Uint8Array;
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
    take() {
      settle();
      const [only] = pieces;
      const whole = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces, length);
      pieces = [];
      length = 0;
      room = undefined;
      return whole;
    },
  };
}
