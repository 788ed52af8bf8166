/** Shape: "reference":"Patient/7f3c" */
const PATIENT = /"reference": ?"(?:[^"]*\/)?Patient\/([A-Za-z0-9\-.]{1,64})["/]/g;

/** The ids of the patients that the JSON text of a resource refers to, each as often as it does. */
export function* patientsNamed(json: string): Iterable<string> {
  for (const [, id] of json.matchAll(PATIENT)) yield id as string;
}

/** The ids of the patients whose data a version is: a patient itself, and whom it refers to. */
export function* patientsIn({ type, id, json }: { readonly type: string; readonly id: string; readonly json: string }): Iterable<string> {
  if (type === 'Patient') yield id;
  yield* patientsNamed(json);
}

/** Shape: Patient/7f3c, https://here.example/fhir/Patient/7f3c/_history/2 */
const REFERRED = /(?:^|\/)Patient\/([A-Za-z0-9\-.]{1,64})(?:\/|$)/g;

/** The ids of the patients that a resource refers to, read from it as it is and not from its text. */
export function patientsReferredTo(resource: object, patients: Set<string> = new Set()): ReadonlySet<string> {
  if (Array.isArray(resource)) {
    for (const entry of resource as unknown[]) if (typeof entry === 'object' && entry !== null) patientsReferredTo(entry, patients);
    return patients;
  }
  for (const name in resource) {
    const part = (resource as Readonly<Record<string, unknown>>)[name];
    if (typeof part === 'object' && part !== null) patientsReferredTo(part, patients);
    else if (name === 'reference' && typeof part === 'string' && part.includes('Patient/'))
      for (const [, patient] of part.matchAll(REFERRED)) patients.add(patient as string);
  }
  return patients;
}
