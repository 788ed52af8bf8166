import { issue, type Issue } from '../issue/issue.ts';
import { type Charset, unicodeLayoutOf } from '../hl7v2/charset.ts';
import { decodeMessage, headerOfBytes } from '../hl7v2/decode-message.ts';
import { type Header, headerOf } from '../hl7v2/header.ts';
import type { Message } from '../hl7v2/message.ts';
import { parseMessage } from '../hl7v2/parse-message.ts';
import type { Channel } from './intake.ts';
import { LARGE_BYTES } from './large-turns.ts';

/** A message as far as it could be read, with everything that was wrong on the way. */
export interface Reading {
  readonly header: Header;
  /** There is an MSH to answer. */
  readonly answerable: boolean;
  /** Undefined when it could not be decoded or parsed. */
  readonly message: Message | undefined;
  /** Each step over it takes long enough for others to be let in between. */
  readonly large: boolean;
  /** What the answer is to be encoded in. */
  readonly charset: Charset;
  readonly issues: readonly Issue[];
}

/**
 * The bytes of one message, decoded and cut into segments. Whatever can be read of the header is read, even when the rest cannot.
 *
 * Fails: in the issues: header-unreadable, characters-undecodable, charset-unsupported, segment-sequence, segment-unreadable, control-id-missing
 */
export function readMessage(
  raw: Uint8Array,
  channel: Pick<Channel, 'charset'>,
  defaultCharset: (header: Header) => string | undefined,
): Reading {
  const fragment = headerOfBytes(raw);
  const large = raw.length > LARGE_BYTES;
  const answerable = fragment.segment.raw.length > 3;
  const decoded = decodeMessage(raw, { transportCharset: channel.charset, defaultCharset: defaultCharset(fragment) });
  if (!decoded.ok)
    return {
      header: fragment,
      answerable,
      large,
      message: undefined,
      charset: layoutOf(raw),
      issues: [...decoded.issues, ...missingControlId(fragment)],
    };
  const parsed = parseMessage(decoded.value.text);
  const header = parsed.ok ? headerOf(parsed.value) : fragment;
  return {
    header,
    answerable,
    large,
    message: parsed.ok ? parsed.value : undefined,
    charset: decoded.value.charset,
    issues: [...decoded.issues, ...parsed.issues, ...(answerable ? missingControlId(header) : [])],
  };
}

/** Of bytes that could not be decoded: the header was read byte by byte, and its answer goes back so. */
function layoutOf(raw: Uint8Array): Charset {
  return unicodeLayoutOf(raw) ?? 'ISO-8859-1';
}

function missingControlId(header: Header): Issue[] {
  return header.controlId === '' ? [issue('control-id-missing', { at: { segment: 'MSH', occurrence: 1, field: 10 } })] : [];
}
