import type { Patient, PatientLink } from 'fhir/r4.js';
import { issue, type Issue } from '../issue/issue.ts';
import type { Made } from '../map/translation.ts';

/**
 * A message without the merges of a patient into the same patient (MRG-1 says what PID-3 says, so the map makes one resource of the two):
 * there is no second record to take away, the one there is must not become inactive, and the rest of the message stands.
 *
 * Fails: merge-into-itself, as a warning
 */
export function withoutSelfMerges(all: readonly Made[]): { readonly made: readonly Made[]; readonly issues: readonly Issue[] } {
  const issues: Issue[] = [];
  const made = all.map((one) => {
    if (one.resource.resourceType !== 'Patient') return one;
    const { link = [], identifier = [], active: _, ...rest } = one.resource as unknown as Patient;
    const toOthers = link.filter((entry) => !isOfItself(entry, one));
    if (toOthers.length === link.length) return one;
    issues.push(issue('merge-into-itself', { at: { segment: 'MRG', occurrence: 1, field: 1 } }));
    const current = identifier.filter(({ use, system, value }) => {
      const again = identifier.some((other) => other.use !== 'old' && other.system === system && other.value === value);
      return use !== 'old' || !again;
    });
    const resource = {
      ...rest,
      ...(toOthers.length === 0 ? {} : { link: toOthers }),
      ...(current.length === 0 ? {} : { identifier: current }),
    } as unknown as Made['resource'];
    return { ...one, resource, spoken: one.spoken.filter((name) => name !== 'active' && (name !== 'link' || toOthers.length > 0)) };
  });
  return { made, issues };
}

/** A link of a resource that was made of both sides of it leads nowhere. */
function isOfItself(entry: Partial<PatientLink>, made: Made): boolean {
  return entry.other?.reference === undefined || entry.other.reference === made.fullUrl;
}
