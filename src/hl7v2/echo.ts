import type { Delimiters } from './delimiters.ts';
import { escape } from './escape-sequences.ts';
import type { Segment } from './message.ts';

/** A longer field is not echoed whole: no sender's is, unless it means harm. Units: characters */
const LONGEST_ECHO = 20_000;

/**
 * A field of a header as it was sent, for an answer that gives it back.
 * What would end the field, the segment or the frame it goes into is escaped; a field without end is cut.
 */
export function echoOf(segment: Segment, field: number, delimiters: Delimiters): string {
  const raw = segment.rawField(field);
  if (raw.length > LONGEST_ECHO) return escape((segment.field(field)[0]?.text() ?? '').slice(0, LONGEST_ECHO), delimiters);
  for (let index = 0; index < raw.length; index++) {
    const character = raw.charAt(index);
    if (character < ' ' || character === '\x7f' || character === delimiters.field) return escape(raw, delimiters);
  }
  return raw;
}
