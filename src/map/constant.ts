import type { Definitions } from '../fhir/definitions.ts';
import { checkPrimitive } from '../fhir/primitives.ts';
import { readCode } from './code-table.ts';
import type { PathStep } from './element-path.ts';
import type { CodeSystemNames } from './local-names.ts';
import { Decimal } from './node.ts';

/** What makes a fixed value anew for each use, or why the text is none. */
export type CompiledConstant = { readonly make: () => unknown } | { readonly error: string };

const NUMBERS = new Set(['integer', 'positiveInt', 'unsignedInt']);

/**
 * A fixed value of a mapping row as a value of its element.
 *
 * Shape: 'home' for a code, 'v3-ActCode|EMER|emergency' for a Coding, 'visit number' for the text of a CodeableConcept
 */
export function compileConstant(
  text: string,
  step: PathStep,
  binding: string | undefined,
  names: CodeSystemNames,
  definitions: Definitions,
): CompiledConstant {
  const { type } = step;
  if (type === 'Coding' || type === 'CodeableConcept') return compileCoded(text, type, names, definitions);
  if (type === 'Reference') return { error: 'a Reference has no fixed value' };
  if (!step.primitive) return { error: `a ${type} has no fixed value` };
  if (type === 'decimal') return { make: () => new Decimal(text) };
  const value = type === 'boolean' ? (text === 'true' ? true : text === 'false' ? false : text) : NUMBERS.has(type) ? Number(text) : text;
  if (checkPrimitive(type, value) !== 'ok') return { error: `"${text}" is not a ${type}` };
  const codes = binding === undefined || type !== 'code' ? undefined : definitions.codes(binding);
  if (codes !== undefined && !codes.has(undefined, text)) return { error: `"${text}" is not in ${binding}` };
  return { make: () => value };
}

function compileCoded(text: string, type: string, names: CodeSystemNames, definitions: Definitions): CompiledConstant {
  if (!text.includes('|')) return type === 'Coding' ? { error: 'a Coding is written system|code' } : { make: () => ({ text }) };
  const code = readCode(text, undefined, names, definitions);
  if (typeof code === 'string') return { error: code };
  const problem = unknownCode(code.system, code.code, definitions);
  if (problem !== undefined) return { error: problem };
  const coding = () => ({ ...code });
  return { make: type === 'Coding' ? coding : () => ({ coding: [coding()] }) };
}

function unknownCode(url: string | undefined, code: string, definitions: Definitions): string | undefined {
  const system = url === undefined ? undefined : definitions.codeSystem(url);
  if (system === undefined || system.content !== 'complete') return undefined;
  const has = (concepts: typeof system.concept): boolean =>
    (concepts ?? []).some((concept) => concept.code === code || has(concept.concept));
  return has(system.concept) ? undefined : `${code} is not a code of ${url}`;
}
