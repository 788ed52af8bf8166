import type { CompartmentParameters } from '../fhir/compartments.ts';
import type { IndexValues } from '../fhir/index-values.ts';
import { meetsFilter } from '../fhir/meets-filter.ts';
import type { Resource } from '../fhir/resource.ts';
import { patientsNamed } from '../fhir/patients-named.ts';
import { readWritten } from '../fhir/written-number.ts';
import type { StoredVersion } from '../store/store.ts';
import type { ExportRequest } from './export-request.ts';

/** What it takes to look into a resource. */
export interface ResourceReading {
  /** Whose compartment a resource is in: ids of patients. */
  readonly patientsOf: (resource: Resource) => readonly string[];
  readonly extract: (resource: Resource) => IndexValues;
  readonly compartmentParameters: CompartmentParameters;
}

/** Whether a version, which is no deletion, belongs to an export. */
export type Choice = (version: StoredVersion) => boolean;

/**
 * The choice a request makes among the versions of a type; undefined when all of them are wanted, which nobody needs to look into.
 * `patients` undefined: of any patient.
 */
export function choiceOf(
  request: ExportRequest,
  type: string,
  patients: ReadonlySet<string> | undefined,
  reading: ResourceReading,
): Choice | undefined {
  const filters = request.filters.filter((one) => one.type === type).map(({ filter }) => filter);
  const ofPatients = request.level !== 'system' || request.patients !== undefined;
  if (filters.length === 0 && !ofPatients) return undefined;
  return (version) => {
    if (ofPatients && patients !== undefined && !mentions(version, patients)) return false;
    const resource = resourceOf(version);
    if (ofPatients && !reading.patientsOf(resource).some((id) => patients?.has(id) ?? true)) return false;
    if (filters.length === 0) return true;
    const judged = { type, id: version.id, lastUpdated: version.lastUpdated, values: reading.extract(resource) };
    return filters.some((filter) => meetsFilter(filter, judged, reading.compartmentParameters));
  };
}

/** A cheap look at the text: a resource that nowhere names one of the patients is about none of them. */
function mentions({ type, id, json }: StoredVersion, patients: ReadonlySet<string>): boolean {
  if (type === 'Patient' && patients.has(id)) return true;
  for (const named of patientsNamed(json)) if (patients.has(named)) return true;
  return false;
}

function resourceOf({ json }: StoredVersion): Resource {
  return readWritten(json) as Resource;
}
