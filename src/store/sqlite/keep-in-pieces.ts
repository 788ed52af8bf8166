import { Bug } from '../../issue/issue-error.ts';
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
    for (const one of long) kept.push(await keep(queue, one, texts));
    const { outcome, refers } = await refer(kept);
    isReferredTo = refers;
    return outcome;
  } finally {
    if (!isReferredTo) for (const text of texts) await queue.drop(text).catch(() => undefined);
  }
}

async function keep(queue: PieceQueue, long: string | Uint8Array, texts: number[]): Promise<LongText> {
  let text: number | undefined;
  let [number, bytes] = [0, 0];
  for (const piece of typeof long === 'string' ? piecesOfText(long) : piecesOfBytes(long)) {
    bytes += piece.length;
    const owner: number = await queue.add(text, number, piece);
    if (text === undefined) texts.push(owner);
    text = owner;
    number += 1;
  }
  if (text === undefined) throw new Bug('a long text is empty');
  return { text, bytes };
}

/** Each is made when its turn comes, in memory of its own, which goes to the writer's thread. */
function* piecesOfBytes(bytes: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
  for (let from = 0; from < bytes.length; from += LONG) yield new Uint8Array(bytes.subarray(from, from + LONG));
  giveBack(bytes);
}

function* piecesOfText(text: string): Generator<Uint8Array<ArrayBuffer>> {
  for (let from = 0, to = 0; from < text.length; from = to) {
    to = Math.min(from + LONG, text.length);
    // not between the halves of a character
    if (isFirstHalf(text.charCodeAt(to - 1)) && to < text.length) to -= 1;
    yield new TextEncoder().encode(text.slice(from, to));
  }
}

function isFirstHalf(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
