import type { StoredVersion, Write } from '../../store/store.ts';

/** What left the store during one request, for the audit trail. */
export interface VisitNotes {
  readonly passed: (versions: readonly StoredVersion[]) => void;
  /** Ids of the patients whose data it was. */
  readonly patients: ReadonlySet<string>;
  /** What is about to be written counts too. */
  readonly writes: (writes: readonly Write[]) => void;
}

/** Shape: "reference":"Patient/7f3c" */
const PATIENT = /"reference": ?"(?:[^"]*\/)?Patient\/([A-Za-z0-9\-.]{1,64})["/]/g;

/** Empty notes. A resource counts for every patient it refers to: an entry too many in a trail is no harm, one too few is. */
export function visitNotes(): VisitNotes {
  const patients = new Set<string>();
  const add = (type: string, id: string, json: string) => {
    if (type === 'Patient') patients.add(id);
    for (const [, patient] of json.matchAll(PATIENT)) patients.add(patient as string);
  };
  return {
    patients,
    passed(versions) {
      for (const { type, id, json } of versions) add(type, id, json);
    },
    writes(writes) {
      for (const { type, id, resource } of writes) add(type, id, resource === undefined ? '' : JSON.stringify(resource));
    },
  };
}
