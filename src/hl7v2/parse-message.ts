import { issue } from '../issue/issue.ts';
import type { Issue } from '../issue/issue.ts';
import { type Result, failure, success } from '../issue/result.ts';
import { charsetOf } from './charset.ts';
import { escapeIssues } from './escape-issues.ts';
import type { Message, Segment } from './message.ts';
import { parseDelimiters } from './read-delimiters.ts';
import type { Reading } from './repetition.ts';
import { segmentLines } from './segment-lines.ts';
import { LazySegment } from './segment.ts';
import { valueLimitIssue } from './value-limit.ts';

/**
 * One message. Segments are cut apart here, fields and values when they are asked for.
 * A value may come with an error: a line that is no segment is not part of the message, and the issue asks for AE.
 *
 * Fails: header-unreadable; message-too-many-values; segment-sequence (a second MSH, a batch header or trailer: two messages never become one);
 *   with the value: segment-unreadable (error), encoding-characters-unusual, segment-end-unusual, escape-unreadable
 * Source: HL7 v2.5.1 chapter 2, 2.5 and 2.6
 */
export function parseMessage(text: string): Result<Message> {
  const { lines, literalEnds } = segmentLines(text.startsWith('\uFEFF') ? text.slice(1) : text);
  const first = lines[0] ?? '';
  if (!first.startsWith('MSH')) {
    return failure(issue('header-unreadable', { at: { segment: 'MSH', occurrence: 1 }, reason: 'it does not begin with MSH' }));
  }
  const delimiters = parseDelimiters(first);
  if (!delimiters.ok) return delimiters;
  const tooMany = valueLimitIssue(lines, delimiters.value);
  if (tooMany !== undefined) return failure(tooMany);

  const reading: Reading = { delimiters: delimiters.value, charset: 'UTF-8' };
  const header = new LazySegment(first, 'MSH', 1, 0, reading);
  const declared = charsetOf(header.value(18));
  const values: Reading = declared === undefined ? reading : { ...reading, charset: declared };

  const issues: Issue[] = [...delimiters.issues];
  if (literalEnds) issues.push(issue('segment-end-unusual'));
  const segments: Segment[] = [new LazySegment(first, 'MSH', 1, 0, values)];
  const occurrences = new Map<string, number>();
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (!isSegment(line, delimiters.value.field)) {
      issues.push(issue('segment-unreadable', { line: index + 1 }));
      continue;
    }
    const name = line.slice(0, 3);
    if (FORBIDDEN.has(name)) return secondHeader(name);
    const occurrence = (occurrences.get(name) ?? 0) + 1;
    occurrences.set(name, occurrence);
    segments.push(new LazySegment(line, name, occurrence, segments.length, values));
  }
  const message: Message = { delimiters: delimiters.value, segments, header: segments[0] ?? header };
  issues.push(...escapeIssues(message, values));
  return success(message, issues);
}

/** What begins or ends a message of its own, or a batch of them. */
const FORBIDDEN = new Set(['MSH', 'BHS', 'BTS', 'FHS', 'FTS']);

function secondHeader(name: string): Result<Message> {
  const at = { segment: name, occurrence: name === 'MSH' ? 2 : 1 };
  return failure(issue('segment-sequence', { at, structure: 'a message', reason: 'a message has one MSH and is no batch' }));
}

/** A capital letter, two capitals or digits, then a field or the end. */
function isSegment(line: string, fieldSeparator: string): boolean {
  if (line.length < 3 || (line.length > 3 && line[3] !== fieldSeparator)) return false;
  const first = line.charCodeAt(0);
  return first >= 65 && first <= 90 && isCapitalOrDigit(line.charCodeAt(1)) && isCapitalOrDigit(line.charCodeAt(2));
}

function isCapitalOrDigit(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
}
