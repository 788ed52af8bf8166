import iconv from 'iconv-lite';
import { issue } from '../issue/issue.ts';
import { type Result, failure, success } from '../issue/result.ts';

/** The character sets messages are read and answered in, by their IANA names. */
export const CHARSETS = [
  'UTF-8',
  'UTF-16LE',
  'UTF-16BE',
  'US-ASCII',
  'ISO-8859-1',
  'ISO-8859-2',
  'ISO-8859-3',
  'ISO-8859-4',
  'ISO-8859-5',
  'ISO-8859-6',
  'ISO-8859-7',
  'ISO-8859-8',
  'ISO-8859-9',
  'ISO-8859-10',
  'ISO-8859-11',
  'ISO-8859-13',
  'ISO-8859-14',
  'ISO-8859-15',
  'windows-1252',
  'GB18030',
  'Big5',
  'EUC-KR',
] as const;

/** One of CHARSETS. */
export type Charset = (typeof CHARSETS)[number];

/** Names of table 0211, of ISO IR and of daily use that differ from the IANA name by more than case and punctuation. */
const OTHER_NAMES: Readonly<Record<string, Charset>> = {
  UNICODE: 'UTF-8',
  UNICODEUTF8: 'UTF-8',
  ISOIR192: 'UTF-8',
  UTF16: 'UTF-16BE',
  UNICODEUTF16: 'UTF-16BE',
  ASCII: 'US-ASCII',
  ISOIR6: 'US-ASCII',
  ISOIR100: 'ISO-8859-1',
  LATIN1: 'ISO-8859-1',
  ISOIR101: 'ISO-8859-2',
  ISOIR109: 'ISO-8859-3',
  ISOIR110: 'ISO-8859-4',
  ISOIR144: 'ISO-8859-5',
  ISOIR127: 'ISO-8859-6',
  ISOIR126: 'ISO-8859-7',
  ISOIR138: 'ISO-8859-8',
  ISOIR148: 'ISO-8859-9',
  ISOIR166: 'ISO-8859-11',
  ISOIR203: 'ISO-8859-15',
  CP1252: 'windows-1252',
  GB180302000: 'GB18030',
  KSX1001: 'EUC-KR',
  ISOIR149: 'EUC-KR',
};

const NAMES: ReadonlyMap<string, Charset> = new Map([
  ...CHARSETS.map((charset) => [bare(charset), charset] as const),
  ...CHARSETS.filter((charset) => charset.startsWith('ISO')).map((charset) => [bare(charset).slice(3), charset] as const),
  ...Object.entries(OTHER_NAMES),
]);

function bare(label: string): string {
  return label.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
}

/**
 * The character set a label means; undefined when it is none that is read here.
 *
 * Shape: 'UNICODE UTF-8' -> 'UTF-8';  '8859/1', 'ISO-8859-1', 'ISO IR100' -> 'ISO-8859-1'
 * Source: HL7 table 0211; UTF-16 stands for big endian, as RFC 2781 has it where no byte order mark tells
 */
export function charsetOf(label: string): Charset | undefined {
  return label === '' ? undefined : NAMES.get(bare(label));
}

/** Bytes decoded to the last one, or the place of the first that means nothing in the character set. */
export type Decoded = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly offset: number };

/** Decodes bytes without ever putting a replacement character where one was not sent; a byte order mark is dropped. */
export function decodeStrictly(bytes: Uint8Array, charset: Charset): Decoded {
  if (charset === 'UTF-8' || charset.startsWith('UTF-16')) return decodeUnicode(bytes, charset);
  if (charset === 'US-ASCII') {
    const offset = bytes.findIndex((byte) => byte > 0x7f);
    return offset === -1
      ? { ok: true, text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1') }
      : { ok: false, offset };
  }
  const text = iconv.decode(bytes, charset);
  const replaced = text.indexOf('\uFFFD');
  return replaced === -1 ? { ok: true, text } : { ok: false, offset: iconv.encode(text.slice(0, replaced), charset).length };
}

function decodeUnicode(bytes: Uint8Array, charset: Charset): Decoded {
  try {
    return { ok: true, text: new TextDecoder(charset, { fatal: true }).decode(bytes) };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { ok: false, offset: firstInvalid(bytes, charset) };
  }
}

/** Where the first character begins that is not whole or not valid: the longest prefix that may be a start is found by halving. */
function firstInvalid(bytes: Uint8Array, charset: Charset): number {
  let valid = 0;
  let invalid = bytes.length + 1;
  while (invalid - valid > 1) {
    const middle = Math.floor((valid + invalid) / 2);
    if (decodeStart(bytes.subarray(0, middle), charset) === undefined) invalid = middle;
    else valid = middle;
  }
  const text = decodeStart(bytes.subarray(0, valid), charset) ?? '';
  return charset === 'UTF-8' ? Buffer.byteLength(text) : text.length * 2;
}

/** The whole characters of bytes that may go on; undefined when they hold something invalid. */
function decodeStart(bytes: Uint8Array, charset: Charset): string | undefined {
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return undefined;
  }
}

/**
 * A text in the bytes of a character set: what was decoded strictly comes back byte for byte, but for a byte order mark.
 *
 * Fails: characters-undecodable (the set has no such character; the offset counts characters)
 */
export function encodeText(text: string, charset: Charset): Result<Uint8Array> {
  if (charset === 'UTF-8' && text.isWellFormed()) return success(Buffer.from(text, 'utf8'));
  const bytes = iconv.encode(text, charset === 'US-ASCII' ? 'ascii' : charset);
  const back = decodeStrictly(bytes, charset);
  if (back.ok && back.text === text) return success(bytes);
  const returned = back.ok ? back.text : '';
  let offset = 0;
  while (offset < text.length && text[offset] === returned[offset]) offset++;
  return failure(issue('characters-undecodable', { offset, charset }));
}

/** A byte order mark, or the zero bytes UTF-16 puts between ASCII's letters; undefined where the bytes show neither. */
export function unicodeLayoutOf(bytes: Uint8Array): Charset | undefined {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'UTF-8';
  if (first === 0xff && second === 0xfe) return 'UTF-16LE';
  if (first === 0xfe && second === 0xff) return 'UTF-16BE';
  if (first === 0 && second !== undefined && second !== 0) return 'UTF-16BE';
  if (first !== undefined && first !== 0 && second === 0 && third !== 0) return 'UTF-16LE';
  return undefined;
}
