import { errorLocation } from './address.ts';
import { type Issue, entryOf, textOf } from './issue.ts';

/** What an ERR segment says of one issue, before any delimiter: the writer of acknowledgments puts it into fields. */
export interface ErrorSegment {
  /** ERR-2. Shape: ['PID', '1', '5', '1', '1'] */
  readonly location: readonly string[];
  /** ERR-3, table 0357. */
  readonly code: number;
  /** ERR-4, table 0516. */
  readonly severity: 'E' | 'W' | 'I';
  /** ERR-5: the id in the catalogue. */
  readonly id: string;
  /** ERR-8: a sentence without any value of the message. */
  readonly text: string;
}

const SEVERITY = { error: 'E', warning: 'W', information: 'I' } as const;

/** An issue as the sender of a v2 message reads it. */
export function toErrorSegment(item: Issue): ErrorSegment {
  const entry = entryOf(item);
  return {
    location: item.at === undefined ? [] : errorLocation(item.at),
    code: entry.err3,
    severity: SEVERITY[item.severity],
    id: item.id,
    text: textOf(item),
  };
}

/** MSA-1 of a message that ended with these issues: the gravest answer any error asks for. */
export function acknowledgmentCodeOf(issues: readonly Issue[]): 'AA' | 'AE' | 'AR' {
  const errors = issues.filter((item) => item.severity === 'error').map((item) => entryOf(item).msa1);
  return errors.includes('AR') ? 'AR' : errors.length > 0 ? 'AE' : 'AA';
}
