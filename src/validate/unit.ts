import { createRequire } from 'node:module';

/** The part of the engine that reads a unit and does not write what it cannot read to the console, where values of a message may not be. */
interface UnitReader {
  parseString(code: string, mode: 'validate', suggest: boolean): readonly [unit: object | null, read: string | null, ...rest: unknown[]];
}

const MOST_UNITS = 10_000;
/** What a unit is written in: visible ASCII, and not too much of it. */
const UNIT = /^[!-~]{1,100}$/;
/** Names that the engine's tables, being plain objects, answer to without holding them. */
const INHERITED = new RegExp(`(?:${Object.getOwnPropertyNames(Object.prototype).join('|')})`);

const known = new Map<string, boolean>();
let reader: UnitReader | undefined;

/** The engine takes 30 ms to load, so it waits for the first unit that asks for it. */
function units(): UnitReader {
  if (reader === undefined) {
    const load = createRequire(import.meta.url);
    const { UcumLhcUtils } = load('@lhncbc/ucum-lhc') as { UcumLhcUtils: { getInstance(): { readonly uStrParser_: UnitReader } } };
    // The public way to the reader writes what it cannot read to the console.
    // oxlint-disable-next-line no-underscore-dangle
    reader = UcumLhcUtils.getInstance().uStrParser_;
  }
  return reader;
}

function isValid(code: string): boolean {
  if (!UNIT.test(code) || INHERITED.test(code)) return false;
  try {
    const [unit, read] = units().parseString(code, 'validate', false);
    // What it puts right on the way, as 2mg to 2.mg, was not right.
    return unit !== null && read === code;
  } catch {
    return false;
  }
}

/** Whether a code is a unit of UCUM. Shape: mm[Hg] and 10*9/L are, mmHg is not */
export function isUcumUnit(code: string): boolean {
  let valid = known.get(code);
  if (valid === undefined) {
    valid = isValid(code);
    if (known.size >= MOST_UNITS) known.clear();
    known.set(code, valid);
  }
  return valid;
}
