import { checkPrimitive, isPrimitiveType, type PrimitiveVerdict } from '../fhir/primitives.ts';
import { checkNarrative } from './narrative.ts';

/** The check of a primitive type's values; undefined for a type that is none. A narrative is read, not only measured. */
export function primitiveCheck(type: string): ((value: unknown) => PrimitiveVerdict) | undefined {
  if (!isPrimitiveType(type)) return undefined;
  if (type !== 'xhtml') return (value) => checkPrimitive(type, value);
  return (value) => {
    const verdict = checkPrimitive(type, value);
    return verdict === 'ok' && !checkNarrative(value as string) ? 'value' : verdict;
  };
}
