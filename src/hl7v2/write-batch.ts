import { textOf } from '../issue/issue.ts';
import { type Delimiters, STANDARD_DELIMITERS } from './delimiters.ts';
import { echoOf } from './echo.ts';
import { parseDelimiters } from './read-delimiters.ts';
import { LazySegment } from './segment.ts';
import type { SplitMessages } from './split-messages.ts';
import { toTimestamp } from './timestamp.ts';
import { writeSegment } from './write-message.ts';

/** The envelope of the answers to a batch, part by part: the answers to the messages go between, in the order of the messages. */
export interface BatchAnswer {
  /** What goes before the answers of each batch, and after them. */
  readonly batches: readonly { readonly before: string; readonly after: string }[];
  readonly before: string;
  readonly after: string;
}

/**
 * The envelope that answers an envelope: sender and receiver swapped, the control id referred to, the answers counted,
 * what was wrong with the envelope as a comment of the last trailer. `answerCounts` has one number for each batch.
 * Messages that came without an envelope are answered in a plain one.
 *
 * Source: HL7 v2.5.1 chapter 2, 2.10.3.1 (FHS and BHS fields 3 to 12; BTS-1, BTS-2, FTS-1, FTS-2)
 */
export function writeBatchAnswer(
  split: SplitMessages<unknown>,
  answerCounts: readonly number[],
  options: { readonly now: number; readonly newId: () => string },
): BatchAnswer {
  const { batches, fileHeader } = split;
  const comment = split.issues.map(textOf).join('; ');
  const trailer = (name: 'BTS' | 'FTS', header: string, count: number, last: boolean) =>
    `${writeSegment(name, [String(count), last ? comment : ''], delimitersOf(header))}\r`;
  return {
    before: fileHeader === undefined ? '' : answerHeader('FHS', fileHeader, options),
    batches: batches.map(({ header = fileHeader ?? '' }, index) => ({
      before: answerHeader('BHS', header, options),
      after: trailer('BTS', header, answerCounts[index] ?? 0, fileHeader === undefined && index === batches.length - 1),
    })),
    after: fileHeader === undefined ? '' : trailer('FTS', fileHeader, batches.length, true),
  };
}

function answerHeader(name: 'FHS' | 'BHS', sent: string, options: { readonly now: number; readonly newId: () => string }): string {
  const delimiters = delimitersOf(sent);
  const segment = new LazySegment(parseDelimiters(sent).ok ? sent : '', name, 1, 0, { delimiters, charset: 'UTF-8' });
  const echo = (field: number) => ({ raw: echoOf(segment, field, delimiters) });
  const fields = [echo(5), echo(6), echo(3), echo(4), toTimestamp(options.now), '', '', '', options.newId(), echo(11)];
  return `${writeSegment(name, fields, delimiters)}\r`;
}

function delimitersOf(header: string): Delimiters {
  const declared = parseDelimiters(header);
  return declared.ok ? declared.value : STANDARD_DELIMITERS;
}
