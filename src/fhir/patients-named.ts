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
  const { reference } = resource as { reference?: unknown };
  if (typeof reference === 'string' && reference.includes('Patient/'))
    for (const [, patient] of reference.matchAll(REFERRED)) patients.add(patient as string);
  const parts: unknown[] = Array.isArray(resource) ? resource : Object.values(resource);
  for (const part of parts) if (typeof part === 'object' && part !== null) patientsReferredTo(part, patients);
  return patients;
}
