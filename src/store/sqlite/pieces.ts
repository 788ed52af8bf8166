import { Bug } from '../../issue/issue-error.ts';
import type { Statements } from './statements.ts';

/**
 * What is longer is kept in pieces of so much, each with a commit of its own: whoever commits beside it waits for one piece. Units: bytes or
 * characters
 */
export const LONG = 1024 * 1024;

/** A text or the bytes of a message that are kept in pieces. Until a row refers to them they are loose, and swept at the next start. */
export interface LongText {
  readonly text: number;
  /** Units: bytes */
  readonly bytes: number;
}

/** A mark is no longer than this. Units: bytes */
const MARK_BYTES = 64;

/** What stands in a row in place of what is kept in pieces. No text that is kept whole begins like it. Shape: @12 10000123 */
function markOf({ text, bytes }: LongText): string {
  return `@${text} ${bytes}`;
}

/** What a row refers to; undefined where it holds the text itself. */
export function longTextIn(kept: unknown): LongText | undefined {
  if (typeof kept !== 'string' || !kept.startsWith('@')) return undefined;
  const [text, bytes] = kept.slice(1).split(' ').map(Number) as [number, number];
  return { text, bytes };
}

/** Whether a mark stands in a column, as a condition; what is long is not read for that. */
export function isMark(column: string): string {
  return `octet_length(${column}) < ${MARK_BYTES} AND substr(${column}, 1, 1) = '@'`;
}

/** The length of what is kept in a column, in pieces or not; it is not read for that. */
export function bytesOf(column: string): string {
  return `CASE WHEN ${isMark(column)} THEN CAST(substr(${column}, instr(${column}, ' ') + 1) AS INTEGER) ELSE octet_length(${column}) END`;
}

/** A text that is kept in pieces, behind its beginning, of which the rest of the row knows all. */
export function readText(statements: Statements, long: LongText, head: string): string {
  const bytes = readPieces(statements, long, head);
  const text = bytes.toString();
  giveBack(bytes);
  return text;
}

/** What is kept in pieces, put together behind its beginning. */
export function readPieces(statements: Statements, { text, bytes }: LongText, head = ''): Buffer {
  const whole = Buffer.allocUnsafeSlow(Buffer.byteLength(head) + bytes);
  let end = whole.write(head);
  for (const row of statements.prepare('SELECT bytes FROM piece WHERE text = ? ORDER BY number').iterate(text)) {
    const piece = row['bytes'] as Uint8Array;
    end += Buffer.from(piece.buffer, piece.byteOffset, piece.length).copy(whole, end);
    giveBack(piece);
  }
  if (end !== whole.length) throw new Bug('a long text has lost a piece');
  statements.forgetPages();
  return whole;
}

/** The memory of what has a buffer to itself, at once: many megabytes would wait for the garbage collector, and it for more of them. */
export function giveBack({ buffer, length }: Uint8Array): void {
  if (length === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** Writes pieces, and takes them away. */
export class PieceWriter {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** One piece of a text; without a text the first of a new one. The text is loose. */
  add(text: number | undefined, number: number, bytes: Uint8Array): number {
    const owner = text ?? Number(this.#statements.prepare('INSERT INTO loose_text DEFAULT VALUES').run().lastInsertRowid);
    this.#statements.run('INSERT INTO piece (text, number, bytes) VALUES (?, ?, ?)', owner, number, bytes);
    return owner;
  }

  /** The mark of a text, for the row that refers to it from now on. */
  settle(long: LongText): string {
    if (this.#statements.run('DELETE FROM loose_text WHERE text = ?', long.text) === 0)
      throw new Bug('a long text was swept before its end');
    return markOf(long);
  }

  /** Takes away what a row refers to that goes as well. */
  drop({ text }: Pick<LongText, 'text'>): void {
    this.#statements.run('DELETE FROM piece WHERE text = ?', text);
  }

  /** Takes away a text that no row refers to; one that a row does stays. */
  dropLoose(text: number): void {
    if (this.#statements.run('DELETE FROM loose_text WHERE text = ?', text) > 0) this.drop({ text });
  }

  /** Texts that nothing refers to: of what was broken off. */
  loose(): number[] {
    return this.#statements.all('SELECT text FROM loose_text').map((row) => Number(row['text']));
  }
}
