import { type Charset, charsetOf, encodeText } from '../hl7v2/charset.ts';
import { writeAcknowledgment } from '../hl7v2/acknowledgment.ts';
import { headerOfBytes } from '../hl7v2/decode-message.ts';
import type { Answer } from '../intake/intake.ts';
import type { Issue } from '../issue/issue.ts';
import type { Clock } from './clock.ts';

/**
 * The answer to a message that is not handed to the intake, made of what can be read of its header: AR, or CE in enhanced mode.
 * Without an MSH there is nothing to answer, and the bytes are empty.
 */
export function refuse(head: Uint8Array, cause: Issue, clock: Clock, end: { readonly close: boolean; readonly resend: boolean }): Answer {
  const header = headerOfBytes(head);
  const enhanced = header.acceptAcknowledgment !== '' || header.applicationAcknowledgment !== '';
  const code = enhanced ? 'CE' : 'AR';
  if (header.segment.raw.length <= 3) return { bytes: new Uint8Array(), code, ...end };
  const text = writeAcknowledgment({ header, code, issues: [cause], controlId: clock.newControlId(), now: clock.now() });
  // The header was read byte by byte, so it goes back byte by byte.
  const bytes = encodeText(text, 'ISO-8859-1');
  return { bytes: bytes.ok ? bytes.value : new Uint8Array(), code, ...end };
}

/** The character set an acknowledgment is in, by its own MSH-18; UTF-8 holds where that names none. */
export function charsetOfAnswer(bytes: Uint8Array): Charset {
  return charsetOf(headerOfBytes(bytes).charset) ?? 'UTF-8';
}
