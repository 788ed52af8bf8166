import { isBase64 } from './base64.ts';
import { isCalendarDate } from './date-span.ts';

/** Whether a JSON value is a good one of a primitive type: it is, it is of another JSON type, or its value is not allowed. */
export type PrimitiveVerdict = 'ok' | 'json-type' | 'value';

type Check = (value: unknown) => PrimitiveVerdict;

const MAX_STRING = 1024 * 1024;
const YEAR = '(?!0000)\\d{4}';
const DAY = `${YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])`;
const CLOCK = '(?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:\\.\\d+)?';
const OFFSET = '(?:Z|[+-](?:(?:0\\d|1[0-3]):[0-5]\\d|14:00))';

/** Half a surrogate is no character: it cannot be written in UTF-8. */
function text(allowed: (value: string) => boolean): Check {
  return (value) => (typeof value !== 'string' ? 'json-type' : value !== '' && value.isWellFormed() && allowed(value) ? 'ok' : 'value');
}

function form(pattern: RegExp): Check {
  return text((value) => pattern.test(value));
}

function whole(low: number, high: number): Check {
  return (value) => (typeof value !== 'number' ? 'json-type' : Number.isInteger(value) && value >= low && value <= high ? 'ok' : 'value');
}

function dated(pattern: RegExp): Check {
  return text((value) => pattern.test(value) && isCalendarDate(value));
}

// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F]/;

const string = text((value) => value.length <= MAX_STRING && !CONTROL.test(value));
const uri = form(/^\S+$/);

/**
 * What each primitive type allows.
 * Strings follow the prose of R4, which forbids control characters, and not its expression, whose \S means other things in other languages.
 *
 * Source: FHIR R4 2.24.0.1, primitive types
 */
const checks: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['boolean', (value) => (typeof value === 'boolean' ? 'ok' : 'json-type')],
  ['integer', whole(-2147483648, 2147483647)],
  ['unsignedInt', whole(0, 2147483647)],
  ['positiveInt', whole(1, 2147483647)],
  ['decimal', (value) => (typeof value !== 'number' ? 'json-type' : Number.isFinite(value) ? 'ok' : 'value')],
  ['string', string],
  ['markdown', string],
  ['xhtml', text((value) => value.length <= MAX_STRING)],
  ['code', form(/^[^\s]+(\s[^\s]+)*$/)],
  ['id', form(/^[A-Za-z0-9\-.]{1,64}$/)],
  ['uri', uri],
  ['url', uri],
  ['canonical', uri],
  ['oid', form(/^urn:oid:[0-2](\.(0|[1-9]\d*))+$/)],
  ['uuid', form(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)],
  // white space may stand anywhere
  ['base64Binary', text((value) => isBase64(value.replace(/\s+/g, '')))],
  ['date', dated(new RegExp(`^(?:${YEAR}(?:-(?:0[1-9]|1[0-2]))?|${DAY})$`))],
  ['dateTime', dated(new RegExp(`^(?:${YEAR}(?:-(?:0[1-9]|1[0-2]))?|${DAY}(?:T${CLOCK}${OFFSET})?)$`))],
  ['instant', dated(new RegExp(`^${DAY}T${CLOCK}${OFFSET}$`))],
  ['time', form(new RegExp(`^${CLOCK}$`))],
]);

/** Whether a FHIR type is a primitive: a JSON value and not an object. */
export function isPrimitiveType(type: string): boolean {
  return checks.has(type);
}

/**
 * Whether a JSON value is a good one of a primitive type. A type that is no primitive is met by nothing.
 *
 * Shape: checkPrimitive('date', '2026-02-30') is 'value'; checkPrimitive('integer', '3') is 'json-type'
 */
export function checkPrimitive(type: string, value: unknown): PrimitiveVerdict {
  return checks.get(type)?.(value) ?? 'json-type';
}

/** Whether a string can be the id of a resource. */
export function isId(value: string): boolean {
  return checkPrimitive('id', value) === 'ok';
}
