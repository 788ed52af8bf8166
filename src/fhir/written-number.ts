import { issue } from '../issue/issue.ts';
import { Bug } from '../issue/issue-error.ts';
import { failure, type Result, success } from '../issue/result.ts';
import { parseAroundLongStrings } from './long-strings.ts';

/*
 * FHIR keeps the precision of a decimal: 1.50 is not 1.5. A JavaScript number cannot. So an object one of whose numbers JSON.stringify would
 * write differently carries the written form under a symbol, by the name of the element. A copy by spread or Object.assign carries it along;
 * structuredClone does not, so between threads resources travel as text. Changing the number needs no care: a written form that no longer
 * equals its number is not used.
 */
const WRITTEN: unique symbol = Symbol('written numbers');

type Carrier = Record<string | number, unknown> & { [WRITTEN]?: Record<string, string> };

/** A number JavaScript may write otherwise than it was read: trailing zeros, an exponent, -0, or more than 15 digits. Text in a string may look like one; that costs only time. */
const SUSPECT = /[:[,\s]-?(?:(?:0|[1-9]\d*)(?:\.\d*0|(?:\.\d+)?[eE][+-]?\d+)|\d[\d.]{15,}|(?<=-)0)(?=[\s,}\]]|$)/;

/** The number of an element as it was written. Shape: writtenNumber({ value: 1.5 }, 'value') is '1.5', or '1.50' where it was read so */
export function writtenNumber(object: object, name: string): string {
  const carrier = object as Carrier;
  const written = carrier[WRITTEN]?.[name];
  const value = carrier[name];
  return written !== undefined && Number(written) === value ? written : String(value);
}

/** A number JavaScript surely writes as it was read: few digits, none of them a zero at the end of a fraction. */
const AS_WRITTEN = /^-?(?:[1-9]\d{0,14}|(?:0|[1-9]\d{0,7})\.\d{0,5}[1-9])$/;

/** Sets a decimal with the precision it is written with. The text must be a JSON number. Shape: setDecimal(quantity, 'value', '1.50') */
export function setDecimal(object: object, name: string, text: string): void {
  const carrier = object as Carrier;
  carrier[name] = Number(text);
  if (!AS_WRITTEN.test(text) && String(carrier[name]) !== text) carrier[WRITTEN] = { ...carrier[WRITTEN], [name]: text };
}

function keepWritten(this: Carrier, name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value === 'number' && context?.source !== undefined && context.source !== String(value)) {
    this[WRITTEN] = { ...this[WRITTEN], [name]: context.source };
  }
  return value;
}

/** How deep objects and arrays may nest. Far beyond any resource; short of what would exhaust the stack of code that walks it. */
const MAX_DEPTH = 500;

function isDeeperThan(limit: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (limit === 0) return true;
  for (const name in value) if (isDeeperThan(limit - 1, (value as Carrier)[name])) return true;
  return false;
}

/**
 * JSON with its numbers as written; see writtenNumber and formatJson.
 *
 * Fails: json-invalid
 */
export function parseJson(text: string): Result<unknown> {
  try {
    const plain: unknown = JSON.parse(text);
    if (isDeeperThan(MAX_DEPTH, plain)) return failure(issue('json-invalid', { reason: `nested deeper than ${MAX_DEPTH}` }));
    return success(withWritten(plain, text));
  } catch (error) {
    if (error instanceof SyntaxError) return failure(issue('json-invalid', { reason: positionOf(error.message) }));
    throw error;
  }
}

/** JSON that formatJson wrote, read back: what is stored was looked at when it came in, and is no deeper than it was. */
export function readWritten(text: string): unknown {
  try {
    return parseAroundLongStrings(text, (part) => withWritten(JSON.parse(part), part));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Bug(`what was kept is no JSON: ${positionOf(error.message)}`);
    throw error;
  }
}

function withWritten(plain: unknown, text: string): unknown {
  return SUSPECT.test(text) ? JSON.parse(text, keepWritten as (this: unknown, name: string, value: unknown) => unknown) : plain;
}

/** Where the text broke off, without the piece of it the engine quotes: it may identify a patient. */
function positionOf(message: string): string {
  return /position \d+( \(line \d+ column \d+\))?/.exec(message)?.[0] ?? 'the text ends too early or is empty';
}

/** Only what holds a number can hold how it was written: looking for it everywhere is what took longest of all. */
function carriesWritten(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return (value as unknown as Carrier)[WRITTEN] !== undefined || value.some(carriesWritten);
  let hasNumber = false;
  for (const name in value) {
    const item = (value as Carrier)[name];
    if (typeof item === 'number') hasNumber = true;
    else if (typeof item === 'object' && carriesWritten(item)) return true;
  }
  return hasNumber && (value as Carrier)[WRITTEN] !== undefined;
}

const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

function asWritten(this: Carrier, name: string, value: unknown): unknown {
  const written = typeof value === 'number' ? this[WRITTEN]?.[name] : undefined;
  return written !== undefined && Number(written) === value ? rawJSON(written) : value;
}

/** A resource as JSON text, its numbers as they were written. */
export function formatJson(value: unknown, indent?: number): string {
  return carriesWritten(value) ? JSON.stringify(value, asWritten, indent) : JSON.stringify(value, undefined, indent);
}
