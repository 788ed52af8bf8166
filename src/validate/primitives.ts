import { checkNarrative } from './narrative.ts';

/** Whether a JSON value is a value of a primitive type: of the wrong JSON type, of the right one but malformed, or fine. */
export type Verdict = 'fine' | 'wrong-type' | 'malformed';

const YEAR = '(?:[0-9](?:[0-9](?:[0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)';
const MONTH = '(?:0[1-9]|1[0-2])';
const DAY = '(?:0[1-9]|[12][0-9]|3[01])';
const TIME = '(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\\.[0-9]+)?';
const ZONE = '(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))';

const DATE = new RegExp(`^${YEAR}(?:-${MONTH}(?:-${DAY})?)?$`);
const DATE_TIME = new RegExp(`^${YEAR}(?:-${MONTH}(?:-${DAY}(?:T${TIME}${ZONE})?)?)?$`);
const INSTANT = new RegExp(`^${YEAR}-${MONTH}-${DAY}T${TIME}${ZONE}$`);
const TIME_OF_DAY = new RegExp(`^${TIME}$`);
const CODE = /^[^\s]+(?:\s[^\s]+)*$/;
const ID = /^[A-Za-z0-9\-.]{1,64}$/;
const OID = /^urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+$/;
const UUID = /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NOT_SPACE = /^\S+$/;
const BASE64 = /^[0-9A-Za-z+/\s]+={0,2}\s*$/;
// A string may hold no character below 32 but tab, line feed and carriage return.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

const MAX_STRING = 1_048_576;
const MAX_INTEGER = 2_147_483_647;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether a date of the right form is a day of the calendar. Shape: 2023-02-29 is none */
function isOnCalendar(value: string): boolean {
  if (value.length < 10) return true;
  const month = Number(value.slice(5, 7));
  const day = Number(value.slice(8, 10));
  if (day < 29) return true;
  if (month !== 2) return day <= (DAYS[month - 1] ?? 0);
  const year = Number(value.slice(0, 4));
  return day === 29 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function text(test: (value: string) => boolean): (value: unknown) => Verdict {
  return (value) => (typeof value !== 'string' ? 'wrong-type' : value !== '' && test(value) ? 'fine' : 'malformed');
}

function whole(min: number): (value: unknown) => Verdict {
  return (value) =>
    typeof value !== 'number' ? 'wrong-type' : Number.isInteger(value) && value >= min && value <= MAX_INTEGER ? 'fine' : 'malformed';
}

function isBase64(value: string): boolean {
  if (!BASE64.test(value)) return false;
  let digits = value.length;
  if (/\s/.test(value)) digits = value.replace(/\s+/g, '').length;
  return digits % 4 === 0;
}

const isText = text((value) => value.length <= MAX_STRING && !CONTROL.test(value));
const isUri = text((value) => NOT_SPACE.test(value));

/**
 * The check of each primitive type.
 *
 * Shape: primitives.get('date')?.('1980-02-30') is 'malformed'
 * Source: FHIR R4 data types, 2.24.0.1; dates must also be days of the calendar
 */
export const primitives: ReadonlyMap<string, (value: unknown) => Verdict> = new Map([
  ['boolean', (value: unknown): Verdict => (typeof value === 'boolean' ? 'fine' : 'wrong-type')],
  ['integer', whole(-MAX_INTEGER - 1)],
  ['unsignedInt', whole(0)],
  ['positiveInt', whole(1)],
  ['decimal', (value: unknown): Verdict => (typeof value === 'number' && Number.isFinite(value) ? 'fine' : 'wrong-type')],
  ['string', isText],
  ['markdown', isText],
  ['code', text((value) => CODE.test(value))],
  ['id', text((value) => ID.test(value))],
  ['uri', isUri],
  ['url', isUri],
  ['canonical', isUri],
  ['oid', text((value) => OID.test(value))],
  ['uuid', text((value) => UUID.test(value))],
  ['base64Binary', text(isBase64)],
  ['date', text((value) => DATE.test(value) && isOnCalendar(value))],
  ['dateTime', text((value) => DATE_TIME.test(value) && isOnCalendar(value))],
  ['instant', text((value) => INSTANT.test(value) && isOnCalendar(value))],
  ['time', text((value) => TIME_OF_DAY.test(value))],
  ['xhtml', text(checkNarrative)],
]);
