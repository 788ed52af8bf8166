import { createRequire } from 'node:module';

interface Ucum {
  validateUnitString(code: string): { readonly status: string };
}

const MOST_UNITS = 10_000;
const MOST_CHARACTERS = 100;
const known = new Map<string, boolean>();
let engine: Ucum | undefined;

/** The engine takes 30 ms to load, so it waits for the first unit that asks for it. */
function ucum(): Ucum {
  if (engine === undefined) {
    const load = createRequire(import.meta.url);
    engine = (load('@lhncbc/ucum-lhc') as { UcumLhcUtils: { getInstance(): Ucum } }).UcumLhcUtils.getInstance();
  }
  return engine;
}

/** Whether a code is a unit of UCUM. Shape: mm[Hg] and 10*9/L are, mmHg is not */
export function isUcumUnit(code: string): boolean {
  let valid = known.get(code);
  if (valid === undefined) {
    valid = code.length <= MOST_CHARACTERS && ucum().validateUnitString(code).status === 'valid';
    if (known.size >= MOST_UNITS) known.clear();
    known.set(code, valid);
  }
  return valid;
}
