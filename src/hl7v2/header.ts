import { type Delimiters, STANDARD_DELIMITERS } from './delimiters.ts';
import type { Message, Segment } from './message.ts';
import { parseDelimiters } from './read-delimiters.ts';
import { segmentLines } from './segment-lines.ts';
import { LazySegment } from './segment.ts';

/** What an MSH says about its message. Values are decoded and without blanks around them; a field that was not sent is an empty string. */
export interface Header {
  /** The message's, or the standard's where it declares none that work: an answer can always be written with them. */
  readonly delimiters: Delimiters;
  /** MSH-10. */
  readonly controlId: string;
  /** MSH-9.1. Shape: ADT */
  readonly messageCode: string;
  /** MSH-9.2. Shape: A01 */
  readonly event: string;
  /** MSH-9.3. Shape: ADT_A01 */
  readonly structure: string;
  /** MSH-12.1. Shape: 2.5.1 */
  readonly version: string;
  /** MSH-11.1. Shape: P */
  readonly processingId: string;
  /** MSH-3 and MSH-4 as sent. Shape: LABSYS|GENHOSP */
  readonly sender: string;
  /** MSH-3.1 and MSH-4.1. */
  readonly sendingApplication: string;
  readonly sendingFacility: string;
  /** MSH-7.1. Shape: 20260102093000-0500 */
  readonly sentAt: string;
  /** MSH-15: when an accept acknowledgment is wanted. Shape: AL, NE, ER, SU or empty */
  readonly acceptAcknowledgment: string;
  /** MSH-16: when an application acknowledgment is wanted. */
  readonly applicationAcknowledgment: string;
  /** MSH-18, the first repetition. Shape: UNICODE UTF-8 */
  readonly charset: string;
  /** The MSH itself: an acknowledgment echoes some of its fields as they were sent. */
  readonly segment: Segment;
}

/** The header of a parsed message. */
export function headerOf(message: Message): Header {
  return factsOf(message.header, message.delimiters);
}

/**
 * What can be read of a header when the message cannot be parsed, is cut off or not decoded yet: never fails, empty where nothing is.
 * The first line that begins with MSH is taken, wherever it stands.
 */
export function headerOfFragment(text: string): Header {
  const start = text.search(/(?<![^\r\n\uFEFF])MSH/);
  const found = start === -1 ? undefined : segmentLines(lineAt(text, start)).lines[0];
  const line = found ?? 'MSH';
  const declared = parseDelimiters(line);
  const delimiters = declared.ok ? declared.value : { ...STANDARD_DELIMITERS, field: line.charAt(3) || '|' };
  const segment = new LazySegment(line, 'MSH', 1, 0, { delimiters, charset: 'UTF-8' });
  return factsOf(segment, declared.ok ? delimiters : STANDARD_DELIMITERS);
}

function lineAt(text: string, start: number): string {
  const length = text.slice(start).search(/[\r\n]/);
  return length === -1 ? text.slice(start) : text.slice(start, start + length);
}

/** Blanks around a value mean nothing here: some senders end MSH with one, and MSH-15 is not valued by it. */
function factsOf(segment: Segment, delimiters: Delimiters): Header {
  const value = (field: number, component?: number) => segment.value(field, 1, component).trim();
  return {
    delimiters,
    controlId: (segment.field(10)[0]?.text() ?? '').trim(),
    messageCode: value(9),
    event: value(9, 2),
    structure: value(9, 3),
    version: value(12),
    processingId: value(11),
    sender: `${segment.rawField(3)}|${segment.rawField(4)}`,
    sendingApplication: value(3),
    sendingFacility: value(4),
    sentAt: value(7),
    acceptAcknowledgment: value(15),
    applicationAcknowledgment: value(16),
    charset: value(18),
    segment,
  };
}
