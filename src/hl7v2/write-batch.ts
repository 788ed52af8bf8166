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
 * The envelope that answers an envelope: sender and receiver swapped, the control id referred to, the answers counted.
 * Messages that came without an envelope are answered in a plain one. `answerCounts` has one number for each batch.
 *
 * Source: HL7 v2.5.1 chapter 2, 2.10.3.1 (FHS, BHS fields 3 to 12, BTS-1, FTS-1)
 */
export function writeBatchAnswer(
  split: SplitMessages<unknown>,
  answerCounts: readonly number[],
  options: { readonly now: number; readonly newId: () => string },
): BatchAnswer {
  const { fileHeader } = split;
  const separator = fileHeader?.charAt(3) ?? '|';
  return {
    before: fileHeader === undefined ? '' : answerHeader('FHS', fileHeader, options),
    after: fileHeader === undefined ? '' : `FTS${separator}${split.batches.length}\r`,
    batches: split.batches.map(({ header }, index) => {
      const line = header ?? fileHeader ?? '';
      return {
        before: answerHeader('BHS', line, options),
        after: `BTS${line.charAt(3) || '|'}${answerCounts[index] ?? 0}\r`,
      };
    }),
  };
}

function answerHeader(name: 'FHS' | 'BHS', sent: string, options: { readonly now: number; readonly newId: () => string }): string {
  const declared = parseDelimiters(sent);
  const delimiters: Delimiters = declared.ok ? declared.value : STANDARD_DELIMITERS;
  const segment = new LazySegment(declared.ok ? sent : '', name, 1, 0, { delimiters, charset: 'UTF-8' });
  const echo = (field: number) => ({ raw: echoOf(segment, field, delimiters) });
  const fields = [echo(5), echo(6), echo(3), echo(4), toTimestamp(options.now), '', '', '', options.newId(), echo(11)];
  return `${writeSegment(name, fields, delimiters)}\r`;
}
