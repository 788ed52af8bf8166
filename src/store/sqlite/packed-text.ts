import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Shorter than this nothing is gained. Units: characters */
const WORTHWHILE = 1_000;

/** The least that packs as small: more memory is only more to clear. */
const FRUGAL = { level: 1, memLevel: 5, chunkSize: 4_096 };

/** Long text as it is kept: packed, where it is worth it. The trace of a message says much in few different words. */
export function packText(text: string | undefined): string | Uint8Array | null {
  if (text === undefined) return null;
  return text.length < WORTHWHILE ? text : deflateRawSync(text, FRUGAL);
}

/** The text again. */
export function unpackText(kept: string | Uint8Array): string {
  return typeof kept === 'string' ? kept : inflateRawSync(kept).toString('utf8');
}
