import { patientsIn, patientsReferredTo } from '../../fhir/patients-named.ts';
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
        if (resource !== undefined) patientsReferredTo(resource, patients);
      }
    },
  };
}
