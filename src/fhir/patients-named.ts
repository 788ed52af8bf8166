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
