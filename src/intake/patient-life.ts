import { isDeepStrictEqual } from 'node:util';
import type { Identifier, Patient } from 'fhir/r4.js';

/**
 * What a message says of a patient, continued from what is stored: merges are events, so the links they made and the numbers they retired
 * stay when later messages speak of other merges, or of the numbers there are now.
 *
 * Shape: after A40 of M2 into M1, an A08 of M1 still has { use: old, value: M2 } and the link
 */
export function continuePatient(stored: Patient | undefined, said: Patient): Patient {
  if (stored === undefined) return said;
  const next: Patient = { ...said };
  if (said.link !== undefined) {
    const kept = (stored.link ?? []).filter((entry) => !said.link?.some((other) => isDeepStrictEqual(other.other, entry.other)));
    next.link = [...said.link, ...kept];
  }
  if (said.identifier !== undefined) {
    const retired = (stored.identifier ?? []).filter(
      (entry) => entry.use === 'old' && !said.identifier?.some((other) => same(other, entry)),
    );
    next.identifier = [...said.identifier, ...retired];
  }
  return next;
}

function same(one: Identifier, other: Identifier): boolean {
  return one.system === other.system && one.value === other.value;
}
