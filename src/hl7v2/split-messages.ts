import { issue } from '../issue/issue.ts';
import type { Issue } from '../issue/issue.ts';
import { unicodeLayoutOf } from './charset.ts';

/** The messages of a file or body, and the envelope they came in. */
export interface SplitMessages<T> {
  /** In order, each as it was sent. What stands before an MSH and is no envelope belongs to the message after it, which then cannot be read. */
  readonly messages: readonly T[];
  /** The FHS as it was sent. */
  readonly fileHeader?: string;
  /** The batches in order; messages outside any are a batch without a header. */
  readonly batches: readonly Batch[];
  readonly issues: readonly Issue[];
}

/** One batch: its BHS as it was sent, and how many of the messages are in it. */
export interface Batch {
  readonly header?: string;
  readonly count: number;
}

/** The messages of a body of bytes, and how the text of the envelope goes back into bytes. */
export interface SplitBytes extends SplitMessages<Uint8Array> {
  /** The envelope's text is in this set: bytes one by one unless the body is UTF-16. */
  readonly envelopeCharset: 'ISO-8859-1' | 'UTF-16LE' | 'UTF-16BE';
}

/** Whether the answer is a batch: the messages came in an envelope, or they are several. */
export function isBatch(split: SplitMessages<unknown>): boolean {
  return split.fileHeader !== undefined || split.messages.length > 1 || split.batches.some((batch) => batch.header !== undefined);
}

/**
 * The messages of a body whose character set is not known yet: one, many after another, or FHS/BHS/BTS/FTS batches. Line ends and segment
 * names are told by their bytes.
 *
 * Fails: with the value: batch-count-wrong (BTS-1 or FTS-1 is another number, or the trailer of a batch is missing)
 * Source: HL7 v2.5.1 chapter 2, 2.10.3 (batch protocol)
 */
export function splitBytes(bytes: Uint8Array): SplitBytes {
  const layout = unicodeLayoutOf(bytes);
  if (layout === 'UTF-16LE' || layout === 'UTF-16BE') {
    const text = new TextDecoder(layout, { ignoreBOM: true }).decode(bytes);
    return { ...split(text, (start, end) => bytes.subarray(start * 2, end * 2)), envelopeCharset: layout };
  }
  if (isOneMessage(bytes)) return { messages: [bytes], batches: [{ count: 1 }], issues: [], envelopeCharset: 'ISO-8859-1' };
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  return { ...split(text, (start, end) => bytes.subarray(start, end)), envelopeCharset: 'ISO-8859-1' };
}

/** Whether it begins with MSH and no other line begins as a header or trailer does: nearly every body, and nothing is to be cut there. */
function isOneMessage(bytes: Uint8Array): boolean {
  const firstEnd = bytes.findIndex((byte) => byte === CR || byte === LF);
  // A body of one line may have its line ends spelled out; a byte order mark inside may begin a line.
  const hasLines = firstEnd !== -1 && Math.max(bytes[firstEnd + 1] ?? 0, bytes[firstEnd + 2] ?? 0) > SPACE;
  if (nameAt(bytes, 0) !== 'MSH' || !hasLines) return false;
  if (bytes.includes(0xef) && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(BYTE_ORDER_MARK)) return false;
  return [CR, LF].every((end) => {
    for (let at = bytes.indexOf(end); at !== -1; at = bytes.indexOf(end, at + 1)) if (NAMES.has(nameAt(bytes, at + 1))) return false;
    return true;
  });
}

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const BYTE_ORDER_MARK = Buffer.of(0xef, 0xbb, 0xbf);
const NAMES = new Set(['MSH', 'BHS', 'FHS', 'BTS', 'FTS']);

function nameAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0);
}

function split(text: string, slice: (start: number, end: number) => Uint8Array): SplitMessages<Uint8Array> {
  const messages: Uint8Array[] = [];
  const batches: (Batch & { count: number })[] = [];
  let open: (Batch & { count: number }) | undefined;
  const issues: Issue[] = [];
  let fileHeader: string | undefined;
  let start = 0;
  const take = (end: number) => {
    if (isBlank(text, start, end)) return;
    messages.push(slice(start, end));
    if (open === undefined) batches.push((open = { count: 0 }));
    open.count++;
  };
  const closeBatch = (stated: string | undefined) => {
    if (stated !== undefined || open?.header !== undefined) count(issues, 'BTS', stated, open?.count ?? 0);
    open = undefined;
  };

  let inMessage = false;
  for (const { index, name } of markersOf(text)) {
    if (inMessage || name !== 'MSH' || isBlank(text, start, index)) {
      take(index);
      start = index;
    }
    inMessage = name === 'MSH';
    if (inMessage) continue;
    const end = endOfLine(text, index);
    const line = text.slice(index, end);
    start = afterBlank(text, end);
    if (name === 'FHS') fileHeader ??= line;
    else if (name === 'BHS') {
      closeBatch(undefined);
      batches.push((open = { header: line, count: 0 }));
    } else if (name === 'BTS') closeBatch(line.split(line.charAt(3) || '|')[1] ?? '');
    else count(issues, 'FTS', line.split(line.charAt(3) || '|')[1] ?? '', batches.length);
  }
  take(text.length);
  closeBatch(undefined);
  return { messages, ...(fileHeader === undefined ? {} : { fileHeader }), batches, issues };
}

/** A trailer that says nothing agrees with everything; one that is missing may mean the file was cut off. */
function count(issues: Issue[], trailer: 'BTS' | 'FTS', stated: string | undefined, counted: number): void {
  const trimmed = stated?.trim();
  if (trimmed === '' || (trimmed !== undefined && /^\d+$/.test(trimmed) && Number(trimmed) === counted)) return;
  const said = trimmed === undefined ? 'nothing, being absent,' : /^\d{1,9}$/.test(trimmed) ? trimmed : 'no number';
  issues.push(issue('batch-count-wrong', { at: { segment: trailer, occurrence: 1, field: 1 }, stated: said, counted }));
}

const LINE_START = '^|[\\r\\n\\uFEFF]|\\u00EF\\u00BB\\u00BF';
const MARKER = '(?:(?:MSH|[BF]HS)(?=[!-/:-@[-`{-~])|[BF]TS(?=[\\r\\n!-/:-@[-`{-~]|$))';
const MARKERS = new RegExp(`(?<=${LINE_START})${MARKER}`, 'g');
const MARKERS_OF_LITERAL_ENDS = new RegExp(`(?<=${LINE_START}|\\\\r)${MARKER}`, 'g');

/** Where a header or trailer begins: at the start of a line, a byte order mark aside, and with a separator after a header's name. */
function* markersOf(text: string): Generator<{ index: number; name: string }> {
  const literal = !/[\r\n]/.test(text.trimEnd());
  for (const match of text.matchAll(literal ? MARKERS_OF_LITERAL_ENDS : MARKERS)) yield { index: match.index, name: match[0] };
}

function endOfLine(text: string, from: number): number {
  const end = /[\r\n]|\\r(?=[A-Z]{3}|$)/g;
  end.lastIndex = from;
  return end.exec(text)?.index ?? text.length;
}

function isBlank(text: string, start: number, end: number): boolean {
  return afterBlank(text, start) >= end;
}

function afterBlank(text: string, start: number): number {
  const blank = /(?:\s|\\r)*/y;
  blank.lastIndex = start;
  blank.test(text);
  return blank.lastIndex;
}
