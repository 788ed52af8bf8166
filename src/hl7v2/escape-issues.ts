import { issue } from '../issue/issue.ts';
import type { Issue } from '../issue/issue.ts';
import { unescape } from './escape-sequences.ts';
import { type Message, addressOf } from './message.ts';
import { isHeaderSegment } from './read-delimiters.ts';
import type { Reading } from './repetition.ts';

/** After so many the rest say nothing new. */
const MOST_ISSUES = 1000;

/**
 * The repetitions of a message whose escape sequences cannot be read; only segments that hold an escape character are split for it.
 *
 * Fails: escape-unreadable, one for a repetition however many it holds, at most 1,000 in all
 */
export function escapeIssues(message: Message, reading: Reading): Issue[] {
  const issues: Issue[] = [];
  const mark = reading.delimiters.escape;
  if (mark === '') return issues;
  for (const segment of message.segments) {
    const first = isHeaderSegment(segment.name) ? 9 : 4;
    if (segment.raw.indexOf(mark, first) === -1) continue;
    for (let field = 1; field <= segment.fieldCount; field++) {
      if (!segment.rawField(field).includes(mark) || (field <= 2 && isHeaderSegment(segment.name))) continue;
      for (const [index, repetition] of segment.field(field).entries()) {
        let unreadable = false;
        unescape(repetition.raw, reading.delimiters, reading.charset, () => {
          unreadable = true;
        });
        if (unreadable) issues.push(issue('escape-unreadable', { at: addressOf(segment, field, index + 1) }));
        if (issues.length === MOST_ISSUES) return issues;
      }
    }
  }
  return issues;
}
