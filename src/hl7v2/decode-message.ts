import { issue } from '../issue/issue.ts';
import { type Result, failure, success } from '../issue/result.ts';
import { type Charset, charsetOf, decodeStrictly, unicodeLayoutOf } from './charset.ts';
import { headerOfFragment } from './header.ts';

/** What a message says when its bytes are read, and in which character set that was. */
export interface DecodedMessage {
  readonly text: string;
  /** The set the answer is to be encoded in. */
  readonly charset: Charset;
}

/** What is known of the character set besides the message itself. */
export interface CharsetHints {
  /** The sender's, for messages whose MSH-18 is empty. */
  readonly defaultCharset?: string | undefined;
  /** The charset parameter of the transport (HTTP), for messages whose MSH-18 is empty. */
  readonly transportCharset?: string | undefined;
}

/**
 * A message's bytes as text, by the first of: byte order mark or UTF-16 layout, MSH-18, the transport's charset, the sender's default, UTF-8.
 * Decoding is strict: bytes that mean nothing in the set are an issue, never a replacement character.
 *
 * Fails: charset-unsupported, characters-undecodable; with the value: charset-conflict (the transport says another set than MSH-18)
 * Source: HL7 v2.5.1 chapter 2, 2.15.9.18 and table 0211; the first repetition of MSH-18 is the set of the message
 */
export function decodeMessage(bytes: Uint8Array, hints: CharsetHints = {}): Result<DecodedMessage> {
  const layout = unicodeLayoutOf(bytes);
  if (layout !== undefined) return decoded(bytes, layout);
  const at = { segment: 'MSH', occurrence: 1, field: 18 };
  const label = headerOfBytes(bytes).charset;
  const declared = label === '' ? undefined : charsetOf(label);
  if (label !== '' && declared === undefined) return failure(issue('charset-unsupported', { at, value: label }));
  const hint = label === '' ? (hints.transportCharset ?? hints.defaultCharset) : undefined;
  const charset = declared ?? (hint === undefined ? 'UTF-8' : charsetOf(hint));
  if (charset === undefined) return failure(issue('charset-unsupported', { value: hint ?? '' }));
  // Bytes that say so in ASCII are not UTF-16, and read as such they would make characters nobody sent.
  if (charset.startsWith('UTF-16')) return failure(issue('characters-undecodable', { offset: 0, charset: 'UTF-16' }));

  const transport = hints.transportCharset === undefined ? undefined : charsetOf(hints.transportCharset);
  const result = decoded(bytes, charset);
  if (!result.ok || transport === undefined || transport === charset || isAscii(bytes)) return result;
  return success(result.value, [issue('charset-conflict', { at, transport, declared: charset })]);
}

/** The header of a message whose bytes are not decoded yet: every character set read here but UTF-16 has ASCII's letters in ASCII's places. */
export function headerOfBytes(bytes: Uint8Array): ReturnType<typeof headerOfFragment> {
  const layout = unicodeLayoutOf(bytes);
  const start = bytes.subarray(layout === 'UTF-8' ? 3 : 0, HEADER_BYTES);
  if (layout?.startsWith('UTF-16') === true) {
    return headerOfFragment(new TextDecoder(layout).decode(start.subarray(0, start.length - (start.length % 2))));
  }
  return headerOfFragment(Buffer.from(start.buffer, start.byteOffset, start.length).toString('latin1'));
}

/** No MSH is longer than this. Units: bytes */
const HEADER_BYTES = 65_536;

function decoded(bytes: Uint8Array, charset: Charset): Result<DecodedMessage> {
  const result = decodeStrictly(bytes, charset);
  if (result.ok) return success({ text: result.text, charset });
  return failure(issue('characters-undecodable', { offset: result.offset, charset }));
}

function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}
