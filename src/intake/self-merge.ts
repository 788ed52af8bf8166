import type { Patient } from 'fhir/r4.js';
import { issue, type Issue } from '../issue/issue.ts';
import type { Made } from '../map/translation.ts';
import { survivorOf } from './identify.ts';

/**
 * A message without the merges of a patient into the same patient (MRG-1 says what PID-3 says): there is no second record to make, or to
 * take away, and the rest of the message stands.
 *
 * Fails: merge-into-itself, as a warning
 */
export function withoutSelfMerges(all: readonly Made[]): { readonly made: readonly Made[]; readonly issues: readonly Issue[] } {
  const selves = all.filter((made) => {
    const survivor = survivorOf(made, all);
    return survivor !== undefined && made.identity.keys.some((key) => survivor.identity.keys.includes(key));
  });
  if (selves.length === 0) return { made: all, issues: [] };
  const gone = new Set(selves.map((made) => made.fullUrl));
  return {
    made: all
      .filter((made) => !gone.has(made.fullUrl))
      .map((made) => (made.resource.resourceType === 'Patient' ? unlinked(made, gone) : made)),
    issues: selves.map((made) => issue('merge-into-itself', { at: { ...made.from, field: 1 } })),
  };
}

function unlinked(made: Made, gone: ReadonlySet<string>): Made {
  const { link = [], identifier, ...rest } = made.resource as unknown as Patient;
  const kept = link.filter((entry) => !gone.has(entry.other.reference ?? ''));
  if (kept.length === link.length) return made;
  const current = (identifier ?? []).filter(
    (entry) =>
      entry.use !== 'old' ||
      !identifier?.some(({ use, system, value }) => use !== 'old' && system === entry.system && value === entry.value),
  );
  const resource = {
    ...rest,
    ...(kept.length === 0 ? {} : { link: kept }),
    ...(current.length === 0 ? {} : { identifier: current }),
  } as unknown as Made['resource'];
  return { ...made, resource, spoken: made.spoken.filter((name) => name !== 'link' || kept.length > 0) };
}
