import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { formatAddress } from '../src/issue/address.ts';
import { decodeMessage } from '../src/hl7v2/decode-message.ts';
import { parseMessage } from '../src/hl7v2/parse-message.ts';
import { splitBytes } from '../src/hl7v2/split-messages.ts';
import { translate } from '../src/map/translate.ts';
import { compileValidator } from '../src/validate/compile-validator.ts';
import { definitions } from './definitions.ts';
import { mappings } from './map/mappings.ts';

const validator = compileValidator(definitions);
const own = fileURLToPath(new URL('../samples/', import.meta.url));
const shared = fileURLToPath(new URL('../../shared/samples/hl7v2/', import.meta.url));

/** Messages that are broken themselves: what is told of them, and why nothing better can be. */
const BROKEN: Readonly<Record<string, readonly string[]>> = {
  // A visit that ends in 2011 begins in 2019.
  'gcp-adt_a01.hl7': ['invariant-not-met Encounter.period'],
  // A report without the name of what was asked for (OBR-4).
  'gcp-oru_r01_ex1.hl7': ['required-field-missing OBR-4'],
  // A patient without any identifier (PID-3).
  'rs-OBX-to-Observation-ed-value.hl7': ['required-field-missing PID-3'],
  'rs-cx-identifier-system-iso.hl7': ['required-field-missing PID-3'],
};

/** Every error of every message of a file: those of the translation, and those of the resources it made. */
function errorsOf(path: string): string[] {
  const { messages } = splitBytes(readFileSync(path));
  expect(messages).not.toEqual([]);
  return messages.flatMap((bytes) => {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) return decoded.issues.map((item) => item.id);
    const parsed = parseMessage(decoded.value.text);
    if (!parsed.ok) return parsed.issues.map((item) => item.id);
    const translation = translate(parsed.value, mappings());
    expect(translation.made).not.toEqual([]);
    return [
      ...translation.issues.map((item) => ({ ...item, where: item.at === undefined ? '' : formatAddress(item.at) })),
      ...translation.made.flatMap((made) => validator.validate(made.resource).map((item) => ({ ...item, where: item.expression ?? '' }))),
    ]
      .filter((item) => item.severity === 'error')
      .map((item) => `${item.id} ${item.where}`);
  });
}

const filesIn = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.hl7') && !name.endsWith('.ack.hl7'));

describe('our own samples become resources that R4 takes', () => {
  test.each(filesIn(own))('%s', (name) => {
    expect(errorsOf(own + name)).toEqual([]);
  });
});

describe.skipIf(!existsSync(shared))('the shared samples become resources that R4 takes (needs ../shared)', () => {
  test.each(existsSync(shared) ? filesIn(shared) : [])('%s', (name) => {
    expect(errorsOf(shared + name)).toEqual(BROKEN[name] ?? []);
  });
});
