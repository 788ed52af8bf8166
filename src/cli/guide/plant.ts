import { componentsOf } from '../../hl7v2/fields.ts';

/** A value planted in a message, and the texts by which it is known again. */
export interface Planted {
  /** As it stands in the message. Shape: PID5x1^PID5x2 */
  readonly text: string;
  /** What it, or a part of it, looks like in FHIR. */
  readonly shows: readonly string[];
}

/** Parts of a type that are a code or a number with rules of its own; anything else there would be refused, or mean something else. */
const FIXED: Readonly<Record<string, string>> = {
  'CX.5': 'MR',
  'HD.3': 'ISO',
  'EI.4': 'ISO',
  'XON.8': 'ISO',
  'XPN.7': 'L',
  'XPN.8': '',
  'XPN.11': '',
  'XPN.10': '',
  'XCN.10': 'L',
  'XCN.13': 'NPI',
  'XCN.17': '',
  'XCN.18': '',
  'XON.7': 'XX',
  'XON.2': 'L',
  'XAD.7': 'H',
  'XAD.12': '',
  'XTN.2': 'PRN',
  'XTN.3': 'PH',
  'CWE.3': 'LN',
  'CNE.3': 'LN',
  'CE.3': 'LN',
  'CF.3': 'LN',
  'CWE.6': 'L',
  'CNE.6': 'L',
  'ED.2': 'TEXT',
  'ED.3': 'plain',
  'ED.4': 'A',
  'RP.3': 'TEXT',
  'RP.4': 'plain',
  'SN.1': '',
  'SN.3': '',
  'SN.4': '',
  'PT.1': 'P',
  'PT.2': 'T',
  'PL.5': '',
  'PL.6': 'N',
};

/** What a bare value does not say, so that a row which depends on that shows. */
const LEFT_OUT = new Set(['XTN.2', 'XTN.3', 'CX.5', 'XAD.7', 'XPN.7', 'HD.2', 'HD.3', 'CWE.3', 'CNE.3']);

function planted64(mark: string): Planted {
  const text = Buffer.from(mark).toString('base64');
  return { text: `^TEXT^plain^Base64^${text}`, shows: [text] };
}

/** A value of a data type in which every part tells where it was planted; `bare`: without the parts that say what kind it is. Shape: plant('XPN', 'PID5') */
export function plant(type: string, mark: string, bare = false): Planted {
  const key = `${type} ${mark} ${bare}`;
  const known = planted.get(key) ?? make(type, mark, bare);
  planted.set(key, known);
  return known;
}

/** They are the same each time, and asked for many times. */
const planted = new Map<string, Planted>();

function make(type: string, mark: string, bare: boolean): Planted {
  if (type === 'ED') return planted64(mark);
  const parts = componentsOf(type);
  if (parts.length === 0) return leaf(type, mark);
  const each = parts.map((part, index) => plantPart(type, index + 1, part, mark, bare));
  return {
    text: each
      .map(({ text }) => text)
      .join('^')
      .replace(/\^+$/, ''),
    shows: each.flatMap(({ shows }) => shows),
  };
}

/** One part of a value, with what it is known by: a code with rules of its own too. */
export function plantComponent(type: string, number: number, mark: string): Planted {
  const fixed = FIXED[`${type}.${number}`];
  if (fixed !== undefined && fixed !== '') return { text: fixed, shows: [JSON.stringify(fixed)] };
  if (isUniversalId(type, number)) return oid(`${mark}x${number}`);
  const part = componentsOf(type)[number - 1] ?? 'ST';
  if (componentsOf(part).length === 0) return leaf(part, `${mark}x${number}`);
  return plantPart(type, number, part, mark, false);
}

function plantPart(type: string, number: number, part: string, mark: string, bare: boolean): Planted {
  const fixed =
    bare && LEFT_OUT.has(`${type}.${number}`) ? '' : bare && `${type}.${number}` === 'SN.4' ? undefined : FIXED[`${type}.${number}`];
  const own = `${mark}x${number}`;
  if (fixed !== undefined) return { text: fixed, shows: [] };
  if (isUniversalId(type, number)) return oid(own);
  const parts = componentsOf(part);
  if (parts.length === 0) return leaf(part, own);
  const inner = parts.map((below, index) => plantSub(part, index + 1, below, own));
  return {
    text: inner
      .map(({ text }) => text)
      .join('&')
      .replace(/&+$/, ''),
    shows: inner.flatMap(({ shows }) => shows),
  };
}

function plantSub(type: string, number: number, part: string, mark: string): Planted {
  const fixed = FIXED[`${type}.${number}`];
  const own = `${mark}s${number}`;
  if (fixed !== undefined) return { text: fixed, shows: [] };
  if (isUniversalId(type, number)) return oid(own);
  return leaf(componentsOf(part)[0] ?? part, own);
}

/** Digits that tell one place from another. */
function digitsOf(mark: string): string {
  let sum = 7;
  for (let at = 0; at < mark.length; at++) sum = (sum * 31 + mark.charCodeAt(at)) % 99991;
  return sum.toString();
}

const isUniversalId = (type: string, number: number) => (type === 'HD' && number === 2) || (type === 'EI' && number === 3);

function oid(mark: string): Planted {
  const text = `2.16.840.1.113883.19.${digitsOf(mark)}`;
  return { text, shows: [text] };
}

function leaf(type: string, mark: string): Planted {
  const digits = digitsOf(mark);
  const number = Number(digits);
  const [year, month, day] = [1950 + (number % 70), 1 + (number % 12), 1 + (number % 28)].map((part) => String(part).padStart(2, '0'));
  switch (type) {
    case 'NM':
    case 'SI':
      return { text: digits, shows: [digits] };
    case 'DT':
      return { text: `${year}${month}${day}`, shows: [`${year}-${month}-${day}`] };
    case 'DTM':
    case 'TS':
      return { text: `${year}${month}${day}101112-0500`, shows: [`${year}-${month}-${day}`] };
    case 'TM':
      return { text: `1${number % 10}${10 + (number % 50)}`, shows: [`1${number % 10}:${10 + (number % 50)}`] };
    default:
      return { text: mark, shows: [mark, Buffer.from(mark).toString('base64').replace(/=+$/, '')] };
  }
}
