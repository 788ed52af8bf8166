import { isDeepStrictEqual } from 'node:util';
import type { Identifier, Patient, PatientLink } from 'fhir/r4.js';

/** Events that retire a number or make one current again; from any other a retired number stays what it is. */
const ABOUT_NUMBERS = /^A(18|30|3[4-6]|39|4\d|5[01])$/;

/**
 * What a message says of a patient, continued from what is stored: merges are events, so the links they made stay when later messages
 * speak of other merges, and a number they retired is not current again because somebody still uses it.
 *
 * Shape: after A40 of M2 into M1, an A08 by M2 still finds { use: old, value: M2 }, and the link stays
 */
export function continuePatient(stored: Patient | undefined, said: Patient, event: string): Patient {
  const next: Patient = { ...said };
  if (stored === undefined) {
    if (event === 'A37') delete next.link;
    return next;
  }
  if (event === 'A37') next.link = withoutSeeAlso(stored.link, said.link);
  else if (said.link !== undefined) {
    const kept = (stored.link ?? []).filter((entry) => !said.link?.some((other) => isDeepStrictEqual(other.other, entry.other)));
    next.link = [...said.link, ...kept];
  }
  if (next.link?.length === 0) delete next.link;
  if (said.identifier !== undefined && ABOUT_NUMBERS.test(event)) {
    // Whoever gave a number, it is retired, or current again, for all.
    const rest = (stored.identifier ?? []).filter((entry) => !said.identifier?.some((other) => same(other, entry)));
    const list = [...said.identifier, ...rest];
    const asStored =
      list.length === stored.identifier?.length && list.every((entry) => stored.identifier?.some((one) => isDeepStrictEqual(one, entry)));
    next.identifier = asStored ? (stored.identifier as Identifier[]) : list;
  } else if (said.identifier !== undefined) {
    // Who uses a retired number does not know of the merge: what it says of numbers adds to those there are.
    const standing = stored.identifier ?? [];
    if (standing.some((entry) => entry.use === 'old' && said.identifier?.some((other) => same(other, entry))))
      next.identifier = [...standing, ...said.identifier.filter((entry) => !standing.some((other) => same(other, entry)))];
  }
  return next;
}

/** Whom an A37 names is told by its second patient; `said` holds the link it takes away. */
function withoutSeeAlso(stored: readonly PatientLink[] = [], said: readonly PatientLink[] = []): PatientLink[] {
  return stored.filter((entry) => entry.type !== 'seealso' || !said.some((other) => isDeepStrictEqual(other.other, entry.other)));
}

function same(one: Identifier, other: Identifier): boolean {
  return one.system === other.system && one.value === other.value;
}
