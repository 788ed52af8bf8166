import { toErrorSegment } from '../issue/error-segment.ts';
import { type Issue, textOf } from '../issue/issue.ts';
import type { Delimiters } from './delimiters.ts';
import { echoOf } from './echo.ts';
import type { Header } from './header.ts';
import { toTimestamp } from './timestamp.ts';
import { type FieldContent, type Value, writeMessage, writeSegment } from './write-message.ts';

/** What an acknowledgment says. */
export interface Acknowledgment {
  /** The header of the message that is answered, or of what could be read of it. */
  readonly header: Header;
  /** MSA-1, table 0008: A of original mode and application acknowledgments, C of accept acknowledgments. */
  readonly code: 'AA' | 'AE' | 'AR' | 'CA' | 'CE' | 'CR';
  readonly issues: readonly Issue[];
  /** MSH-10 of the acknowledgment itself. */
  readonly controlId: string;
  /** UTC ms. */
  readonly now: number;
}

/** More ERR segments than these say nothing new; the last then counts the rest. */
const MOST_ERRORS = 100;
const LONGEST_TEXT = 500;

/** Table 0357, as ERR-3 names it. */
const CONDITIONS: Readonly<Record<number, string>> = {
  0: 'Message accepted',
  100: 'Segment sequence error',
  101: 'Required field missing',
  102: 'Data type error',
  103: 'Table value not found',
  198: 'Non-conformant cardinality',
  200: 'Unsupported message type',
  201: 'Unsupported event code',
  202: 'Unsupported processing id',
  203: 'Unsupported version id',
  204: 'Unknown key identifier',
  205: 'Duplicate key identifier',
  206: 'Application record locked',
  207: 'Application internal error',
};

/**
 * The acknowledgment of a message: MSH, MSA and one ERR for each issue, errors first; no value of the message but its MSH's.
 * It is written with the sender's delimiters and ends with a carriage return.
 *
 * Shape: MSH|^~\&|EHR|HOSP|LAB|HOSP|20260102093000.000+0000||ACK^R01^ACK|k1|P|2.5.1, MSA|AA|MSG00017
 * Source: HL7 v2.5.1 chapter 2, 2.13.1 and 2.14.5 (ERR), chapter 2 of v2.3.1 for ERR-1; intake.md "ACK contract"
 */
export function writeAcknowledgment(answer: Acknowledgment): string {
  const { header, code, controlId, now } = answer;
  const { delimiters } = header;
  const old = isBefore25(header.version);
  const raw = (field: number) => echoOf(header.segment, field, delimiters);
  const echo = (field: number): FieldContent => ({ raw: raw(field) });
  const issues = answer.issues.toSorted((one, other) => gravity(one) - gravity(other));
  const first = issues[0];
  const text = old && first !== undefined && first.severity === 'error' ? wordsOf(first) : '';
  return writeMessage([
    writeSegment(
      'MSH',
      [
        echo(5),
        echo(6),
        echo(3),
        echo(4),
        toTimestamp(now),
        '',
        messageType(header, old),
        controlId,
        orElse(raw(11), 'P'),
        orElse(raw(12), '2.5.1'),
        '',
        '',
        '',
        '',
        '',
        echo(18),
      ],
      delimiters,
    ),
    writeSegment('MSA', [code, echo(10), text], delimiters),
    ...issues.slice(0, MOST_ERRORS).map((item) => (old ? oldErrorSegment(item, delimiters) : errorSegment(item, delimiters))),
    ...(issues.length > MOST_ERRORS && !old ? [restSegment(issues.length - MOST_ERRORS, delimiters)] : []),
  ]);
}

function gravity(item: Issue): number {
  return item.severity === 'error' ? 0 : item.severity === 'warning' ? 1 : 2;
}

function wordsOf(item: Issue): string {
  return textOf(item).slice(0, LONGEST_TEXT);
}

function orElse(raw: string, otherwise: string): FieldContent {
  return { raw: raw === '' ? otherwise : raw };
}

/** MSH-9: the structure came with v2.4, the event with v2.3. */
function messageType(header: Header, old: boolean): Value {
  const { event, version } = header;
  if (event === '' || /^2\.[12]$/.test(version)) return 'ACK';
  if (old && version.startsWith('2.3')) return ['ACK', event];
  return ['ACK', event, 'ACK'];
}

function isBefore25(version: string): boolean {
  return /^2\.[1-4]([^0-9]|$)/.test(version);
}

function errorSegment(item: Issue, delimiters: Delimiters): string {
  const { location, code, severity, id } = toErrorSegment(item);
  const condition = [String(code), CONDITIONS[code] ?? '', 'HL70357'];
  return writeSegment('ERR', ['', location, condition, severity, [id, '', 'L'], '', '', wordsOf(item)], delimiters);
}

/** Before v2.5 an ERR has one field, and no place for a severity or a text but in the code. */
function oldErrorSegment(item: Issue, delimiters: Delimiters): string {
  const { location, code, id } = toErrorSegment(item);
  const [segment = '', sequence = '', field = ''] = location;
  const condition = [String(code), CONDITIONS[code] ?? '', 'HL70357', id, wordsOf(item), 'L'];
  return writeSegment('ERR', [[segment, sequence, field, condition]], delimiters);
}

function restSegment(count: number, delimiters: Delimiters): string {
  return writeSegment(
    'ERR',
    ['', '', ['0', CONDITIONS[0] ?? '', 'HL70357'], 'I', '', '', '', `${count} more issues are not listed`],
    delimiters,
  );
}
