import { patientsIn } from '../../fhir/patients-named.ts';
import type { StoredVersion, Write } from '../../store/store.ts';

/** What left the store during one request, for the audit trail. */
export interface VisitNotes {
  readonly passed: (versions: readonly StoredVersion[]) => void;
  /** What left in a file. */
  readonly named: (patients: readonly string[]) => void;
  /** Ids of the patients whose data it was. */
  readonly patients: ReadonlySet<string>;
  /** What is about to be written counts too. */
  readonly writes: (writes: readonly Write[]) => void;
}

/** Shape: Patient/7f3c, https://here.example/fhir/Patient/7f3c/_history/2 */
const REFERRED = /(?:^|\/)Patient\/([A-Za-z0-9\-.]{1,64})(?:\/|$)/g;

/** Empty notes. A resource counts for every patient it refers to: an entry too many in a trail is no harm, one too few is. */
export function visitNotes(): VisitNotes {
  const patients = new Set<string>();
  return {
    patients,
    passed(versions) {
      for (const version of versions) for (const patient of patientsIn(version)) patients.add(patient);
    },
    named(ids) {
      for (const id of ids) patients.add(id);
    },
    writes(writes) {
      for (const { type, id, resource } of writes) {
        if (type === 'Patient') patients.add(id);
        if (resource !== undefined) addReferred(resource, patients);
      }
    },
  };
}

function addReferred(value: object, patients: Set<string>): void {
  const { reference } = value as { reference?: unknown };
  if (typeof reference === 'string') for (const [, patient] of reference.matchAll(REFERRED)) patients.add(patient as string);
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) addReferred(part as object, patients);
}
