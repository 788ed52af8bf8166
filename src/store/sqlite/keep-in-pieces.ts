import { giveBack, LONG, type LongText } from './pieces.ts';

/** The writer, as far as long texts need it. */
export interface PieceQueue {
  /** Keeps a piece; without a text the first of a new one. Gives the text. */
  add(text: number | undefined, number: number, bytes: Uint8Array<ArrayBuffer>): Promise<number>;
  /** Takes a text away that nothing refers to. */
  drop(text: number): Promise<unknown>;
}

/**
 * Has long texts kept, piece after piece, and then what refers to them. Where nothing comes of that they go again; where the process ends before,
 * at its next start.
 */
export async function keepInPieces<T>(
  queue: PieceQueue,
  long: readonly (string | Uint8Array)[],
  refer: (kept: readonly LongText[]) => Promise<{ readonly outcome: T; readonly refers: boolean }>,
): Promise<T> {
  const texts: number[] = [];
  const kept: LongText[] = [];
  let isReferredTo = false;
  try {
    for (const one of long) {
      const bytes = typeof one === 'string' ? Buffer.from(one) : one;
      kept.push({ text: await keep(queue, bytes, texts), bytes: bytes.length });
      giveBack(bytes);
    }
    const { outcome, refers } = await refer(kept);
    isReferredTo = refers;
    return outcome;
  } finally {
    if (!isReferredTo) for (const text of texts) await queue.drop(text).catch(() => undefined);
  }
}

async function keep(queue: PieceQueue, bytes: Uint8Array, texts: number[]): Promise<number> {
  const text = await queue.add(undefined, 0, pieceOf(bytes, 0));
  texts.push(text);
  for (let number = 1; number * LONG < bytes.length; number += 1) await queue.add(text, number, pieceOf(bytes, number));
  return text;
}

/** A copy in memory of its own, which goes to the writer's thread. */
function pieceOf(bytes: Uint8Array, number: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.subarray(number * LONG, (number + 1) * LONG));
}
