/** Any FHIR resource, or any JSON that claims to be one. For code that knows the type, use the types of `fhir/r4.js`. */
export interface Resource {
  resourceType: string;
  id?: string;
  meta?: Meta;
  [element: string]: unknown;
}

/** What every resource says about itself. */
export interface Meta {
  versionId?: string;
  lastUpdated?: string;
  source?: string;
  profile?: string[];
  security?: { system?: string; code?: string; display?: string }[];
  tag?: { system?: string; code?: string; display?: string }[];
  [element: string]: unknown;
}
