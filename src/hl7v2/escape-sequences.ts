import { type Charset, decodeStrictly } from './charset.ts';
import { type Delimiters, STANDARD_DELIMITERS } from './delimiters.ts';

/** More blank lines or blanks than any text needs; a command that asks for more is kept as it was sent. */
const MOST_BLANKS = 100;

/**
 * A value as it is meant: escape sequences read, formatting commands turned into the line breaks and blanks they ask for.
 * What is no known sequence stays as it was sent, and `onUnreadable` hears of it.
 *
 * Shape: 'AT\T\T' -> 'AT&T';  'one\.br\two' -> 'one', line feed, 'two';  '\X0D\' -> carriage return;  'C:\temp' stays
 * Source: HL7 v2.5.1 chapter 2, 2.7 (escape sequences), 2.7.6 (formatting); \P\ is v2.7
 */
export function unescape(raw: string, delimiters: Delimiters, charset: Charset = 'UTF-8', onUnreadable?: () => void): string {
  const mark = delimiters.escape;
  let start = mark === '' ? -1 : raw.indexOf(mark);
  if (start === -1) return raw;
  const parts: string[] = [];
  let done = 0;
  while (start !== -1) {
    const end = raw.indexOf(mark, start + 1);
    if (end === -1) {
      onUnreadable?.();
      break;
    }
    const sequence = raw.slice(start + 1, end);
    const meant = meaningOf(sequence, delimiters, charset);
    if (meant !== undefined) {
      parts.push(raw.slice(done, start), meant);
      done = end + 1;
      start = raw.indexOf(mark, done);
    } else {
      onUnreadable?.();
      // A local or character set sequence is whole; of anything else the closing mark may open the next sequence.
      start = /^[ZCM][!-~]*$/.test(sequence) ? raw.indexOf(mark, end + 1) : end;
    }
  }
  parts.push(raw.slice(done));
  return parts.join('');
}

/** What a sequence stands for, without its marks; undefined when it is not known. */
function meaningOf(sequence: string, delimiters: Delimiters, charset: Charset): string | undefined {
  switch (sequence) {
    case 'F':
      return delimiters.field;
    case 'S':
      return delimiters.component;
    case 'T':
      return delimiters.subcomponent || STANDARD_DELIMITERS.subcomponent;
    case 'R':
      return delimiters.repetition;
    case 'E':
      return delimiters.escape;
    case 'P':
      return delimiters.truncation || '#';
    case 'H':
    case 'N':
      return '';
    default:
      return sequence.startsWith('X') ? hexadecimal(sequence, charset) : sequence.startsWith('.') ? formatting(sequence) : undefined;
  }
}

function hexadecimal(sequence: string, charset: Charset): string | undefined {
  const digits = sequence.slice(1);
  if (digits.length === 0 || digits.length % 2 === 1 || !/^[0-9A-Fa-f]+$/.test(digits)) return undefined;
  const bytes = Uint8Array.from({ length: digits.length / 2 }, (_, index) => Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16));
  const decoded = decodeStrictly(bytes, charset.startsWith('UTF-16') ? 'UTF-8' : charset);
  // A control character other than tab and line ends has no place in a text.
  return decoded.ok && !/[^\t\n\r -\uFFFF]/.test(decoded.text) ? decoded.text : undefined;
}

function formatting(sequence: string): string | undefined {
  const [, command = '', sign = '', digits = ''] = /^\.([a-z]{2})\s?([+-]?)(\d{0,4})$/i.exec(sequence) ?? [];
  const count = digits === '' ? undefined : Number(digits);
  if (count !== undefined && count > MOST_BLANKS) return undefined;
  switch (command.toLowerCase()) {
    case 'br':
    case 'ce':
      return '\n';
    case 'sp':
      return '\n'.repeat(count ?? 1);
    case 'sk':
      return ' '.repeat(count ?? 1);
    case 'in':
    case 'ti':
      return sign === '-' ? '' : ' '.repeat(count ?? 0);
    case 'fi':
    case 'nf':
      return '';
    default:
      return undefined;
  }
}

/**
 * A value as it is sent: delimiters, line ends and other control characters escaped, so that it stays in its field.
 * Where the receiver has declared no escape character they become blanks: nothing else keeps the field whole.
 *
 * Shape: 'AT&T' -> 'AT\T\T';  carriage return -> '\X0D\'
 * Source: HL7 v2.5.1 chapter 2, 2.7
 */
export function escape(value: string, delimiters: Delimiters): string {
  const { field, component, repetition, escape: mark, subcomponent, truncation } = delimiters;
  let sent = '';
  let done = 0;
  for (let index = 0; index < value.length; index++) {
    const character = value.charAt(index);
    const letter =
      character === field
        ? 'F'
        : character === component
          ? 'S'
          : character === repetition
            ? 'R'
            : character === mark
              ? 'E'
              : character === subcomponent
                ? 'T'
                : character === truncation
                  ? 'P'
                  : character < ' ' || character === '\x7f'
                    ? `X${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
                    : '';
    if (letter === '') continue;
    sent += value.slice(done, index) + (mark === '' ? ' ' : mark + letter + mark);
    done = index + 1;
  }
  return done === 0 ? value : sent + value.slice(done);
}
