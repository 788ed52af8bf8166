import type { ElementDefinition } from 'fhir/r4.js';
import type { Definitions, Expansion } from '../fhir/definitions.ts';
import type { Walk } from './walk.ts';

/** The value set that an element's codes come from, where that can be wrong. */
export interface Binding {
  readonly strength: 'required' | 'extensible';
  readonly valueSet: string;
  /** Whether the codes in a value are in the value set. `unchecked`: it is not loaded; `absent`: there is no code to check. */
  check(value: unknown): 'in' | 'out' | 'unchecked' | 'absent';
}

type Has = (system: string | undefined, code: string) => boolean;

const MAX_VALUE_SET = 'http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet';

/** The value set that bounds the codes of an element whatever its binding's strength; undefined when there is none. */
export function maxValueSetOf(definition: ElementDefinition): string | undefined {
  const max = definition.binding?.extension?.find((extension) => extension.url === MAX_VALUE_SET);
  return max?.valueCanonical ?? max?.valueUri;
}

/** A binding ready to be checked; undefined for strengths that cannot fail and for types that hold no code. */
export function compileBinding(
  binding: { readonly strength: string; readonly valueSet?: string | undefined } | undefined,
  type: string,
  definitions: Definitions,
): Binding | undefined {
  const valueSet = binding?.valueSet;
  if (valueSet === undefined || (binding?.strength !== 'required' && binding?.strength !== 'extensible')) return undefined;
  const strength = binding.strength;
  const judge = JUDGES[type];
  if (judge === undefined) return undefined;
  let expansion: Expansion | undefined;
  let asked = false;
  const has: Has = (system, code) => expansion?.codes.has(system, code) === true;
  return {
    strength,
    valueSet,
    check(value) {
      if (!asked) {
        expansion = definitions.expansion(valueSet);
        asked = true;
      }
      const verdict = judge(value, has, strength);
      // A code that is in the part that is loaded is in; one that is not may be in the rest.
      const isWhole = expansion !== undefined && expansion.missing.length === 0;
      return verdict === 'out' && !isWhole ? 'unchecked' : verdict;
    },
  };
}

/** What a code outside its value set is told with. */
export interface Missed {
  readonly valueSet: string;
  readonly severity: 'error' | 'warning';
  readonly value?: string;
}

/** What of a value is outside its value set; undefined where nothing is. What cannot be looked up is noted here, once for each value set. */
export function missedBinding(binding: Binding | undefined, value: unknown, walk: Walk): Missed | undefined {
  const verdict = binding?.check(value);
  if (binding === undefined || verdict === 'in' || verdict === 'absent') return undefined;
  const { valueSet, strength } = binding;
  if (verdict === 'unchecked') {
    walk.reportOnce(`unchecked ${valueSet}`, 'code-not-checked', { valueSet });
    return undefined;
  }
  return { valueSet, severity: strength === 'required' ? 'error' : 'warning', ...(typeof value === 'string' ? { value } : {}) };
}

type Judge = (value: unknown, has: Has, strength: Binding['strength']) => 'in' | 'out' | 'absent';

function judgeCode(value: unknown, has: Has): 'in' | 'out' | 'absent' {
  return typeof value !== 'string' ? 'absent' : has(undefined, value) ? 'in' : 'out';
}

/** A coding without a system names no code of any value set. */
function judgeCoding(value: unknown, has: Has): 'in' | 'out' | 'absent' {
  const coding = value as { system?: unknown; code?: unknown } | null;
  if (typeof coding?.code !== 'string') return 'absent';
  return typeof coding.system === 'string' && has(coding.system, coding.code) ? 'in' : 'out';
}

/** One coding in the value set is enough; text alone is enough only where the binding is extensible. */
function judgeConcept(value: unknown, has: Has, strength: Binding['strength']): 'in' | 'out' | 'absent' {
  const concept = value as { coding?: unknown; extension?: unknown } | null;
  const codings: readonly unknown[] = Array.isArray(concept?.coding) ? concept.coding : [];
  let out = false;
  for (const coding of codings) {
    const verdict = judgeCoding(coding, has);
    if (verdict === 'in') return 'in';
    if (verdict === 'out') out = true;
  }
  if (out) return 'out';
  return strength === 'required' && concept?.extension === undefined ? 'out' : 'absent';
}

const JUDGES: Readonly<Record<string, Judge | undefined>> = {
  code: judgeCode,
  string: judgeCode,
  uri: judgeCode,
  Coding: judgeCoding,
  Quantity: judgeCoding,
  Duration: judgeCoding,
  Age: judgeCoding,
  CodeableConcept: judgeConcept,
};
