import type { StoredVersion, Write } from '../../store/store.ts';

/** What left the store during one request, for the audit trail. */
export interface VisitNotes {
  readonly passed: (versions: readonly StoredVersion[]) => void;
  /** Ids of the patients whose data it was. */
  readonly patients: ReadonlySet<string>;
  /** What is about to be written counts too. */
  readonly writes: (writes: readonly Write[]) => void;
}

/** Shape: Patient/7f3c, https://here.example/fhir/Patient/7f3c/_history/2 */
const REFERRED = /(?:^|\/)Patient\/([A-Za-z0-9\-.]{1,64})(?:\/|$)/g;

/** The same in the text of a resource. Shape: "reference":"Patient/7f3c" */
const PATIENT = /"reference": ?"(?:[^"]*\/)?Patient\/([A-Za-z0-9\-.]{1,64})["/]/g;

/** Empty notes. A resource counts for every patient it refers to: an entry too many in a trail is no harm, one too few is. */
export function visitNotes(): VisitNotes {
  const patients = new Set<string>();
  const note = (type: string, id: string) => {
    if (type === 'Patient') patients.add(id);
  };
  return {
    patients,
    passed(versions) {
      for (const { type, id, json } of versions) {
        note(type, id);
        for (const [, patient] of json.matchAll(PATIENT)) patients.add(patient as string);
      }
    },
    writes(writes) {
      for (const { type, id, resource } of writes) {
        note(type, id);
        addReferred(resource, patients);
      }
    },
  };
}

function addReferred(value: unknown, patients: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    if (name !== 'reference' || typeof part !== 'string') addReferred(part, patients);
    else for (const [, patient] of part.matchAll(REFERRED)) patients.add(patient as string);
  }
}
