import type { CodeSystem, SearchParameter, StructureDefinition, ValueSet } from 'fhir/r4.js';

/** What R4, and the packages loaded, define: structures, code systems, value sets, search parameters. Looked up, never changed. */
export interface Definitions {
  /** The names of the concrete resource types. */
  readonly resourceTypes: ReadonlySet<string>;
  /** By type name or canonical address, with or without |version. */
  structure(typeOrUrl: string): StructureDefinition | undefined;
  /**
   * One child element of a type or of a path inside one.
   *
   * Shape: child('Patient', 'contact'), child('Patient.contact', 'name'), child('HumanName', 'family'), child('Observation', 'valueQuantity')
   */
  child(parent: string, name: string): ElementInfo | undefined;
  /** Every child of a type or path, in the order of the definition. A choice is listed once for each of its types. */
  children(parent: string): readonly ElementInfo[];
  valueSet(url: string): ValueSet | undefined;
  codeSystem(url: string): CodeSystem | undefined;
  /** The codes of a value set, expanded when first asked for; undefined when it, or a code system it draws on, is not loaded. */
  codes(valueSetUrl: string): CodeSet | undefined;
  /** The search parameters of a type, those of Resource and DomainResource among them. */
  searchParameters(type: string): readonly SearchParameter[];
  searchParameter(type: string, name: string): SearchParameter | undefined;
}

/** One element of a type as JSON has it. */
export interface ElementInfo {
  /** The JSON name: valueQuantity for the choice value[x]. */
  readonly name: string;
  /** The path of the definition. Shape: Observation.value[x] */
  readonly path: string;
  readonly min: number;
  /** Infinity for *. */
  readonly max: number;
  /** The FHIR type: a primitive, a data type, a resource type, `Reference`, or the path whose children it has. */
  readonly type: string;
  /** For Reference and canonical: the resource types it may point to; empty: any. */
  readonly targets: readonly string[];
  readonly binding?: { readonly strength: 'required' | 'extensible' | 'preferred' | 'example'; readonly valueSet: string };
}

/** The codes of a value set. */
export interface CodeSet {
  /** `system` undefined: whether any system has the code, as an element of type code asks. */
  has(system: string | undefined, code: string): boolean;
  display(system: string | undefined, code: string): string | undefined;
  readonly size: number;
}
