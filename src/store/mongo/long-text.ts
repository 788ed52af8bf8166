import { Bug } from '../../issue/issue-error.ts';
import type { Collections, KeptText, PartDocument, Session } from './collections.ts';

/** A document ends at 16 MiB; a text above this goes in parts beside it. Units: bytes */
const LONGEST_WITHIN = 4 * 1024 * 1024;
const PART_BYTES = 8 * 1024 * 1024;

/** A text as its document keeps it, and the parts to be written when it is long. `owner` names it for good. */
export function keepText(text: string, owner: string): { kept: KeptText; parts: PartDocument[] } {
  if (text.length * 3 <= LONGEST_WITHIN || Buffer.byteLength(text) <= LONGEST_WITHIN) return { kept: text, parts: [] };
  const parts = keepBytes(Buffer.from(text), owner);
  return { kept: { parts: parts.length }, parts };
}

/** Bytes as parts; one at least. */
export function keepBytes(bytes: Uint8Array, owner: string): PartDocument[] {
  const parts: PartDocument[] = [];
  for (let from = 0; from === 0 || from < bytes.length; from += PART_BYTES) {
    const piece = bytes.subarray(from, from + PART_BYTES);
    parts.push({ _id: `${owner}/${parts.length}`, owner, data: Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength) });
  }
  return parts;
}

/** The bytes kept under a name; undefined when there are none. */
export async function readBytes(collections: Collections, owner: string, session?: Session): Promise<Buffer | undefined> {
  const found = await collections.parts.find({ owner }, options(session)).toArray();
  if (found.length === 0) return undefined;
  const inOrder = found.sort((a, b) => numberOf(a) - numberOf(b));
  return Buffer.concat(inOrder.map((part) => part.data));
}

/** The text itself. */
export async function readText(collections: Collections, kept: KeptText, owner: string, session?: Session): Promise<string> {
  if (typeof kept === 'string') return kept;
  const bytes = await readBytes(collections, owner, session);
  if (bytes === undefined) throw new Bug('a text has lost its parts');
  return bytes.toString('utf8');
}

/** The options of a read: in the transaction when there is one, else what a majority of the replica set has. */
export function options(session: Session): { session?: NonNullable<Session> } {
  return session === undefined ? {} : { session };
}

function numberOf({ _id: name, owner }: PartDocument): number {
  return Number(name.slice(owner.length + 1));
}
