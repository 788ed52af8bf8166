import type { CodeSystem, CompartmentDefinition, ConceptMap, SearchParameter, StructureDefinition, ValueSet } from 'fhir/r4.js';

/** The kinds of definition, by resource type. */
export interface DefinitionKinds {
  StructureDefinition: StructureDefinition;
  SearchParameter: SearchParameter;
  CompartmentDefinition: CompartmentDefinition;
  CodeSystem: CodeSystem;
  ValueSet: ValueSet;
  ConceptMap: ConceptMap;
}

/** The name of a kind of definition. */
export type DefinitionKind = keyof DefinitionKinds;

/** What R4, and the packages loaded, define: structures, code systems, value sets, search parameters. Looked up, never changed by who looks. */
export interface Definitions {
  /** The names of the concrete resource types. */
  readonly resourceTypes: ReadonlySet<string>;
  /** By canonical address, with or without |version. */
  find<K extends DefinitionKind>(kind: K, canonical: string): DefinitionKinds[K] | undefined;
  /** Every definition of a kind. It reads them all: for pages and start-up, not for a request's hot path. */
  every<K extends DefinitionKind>(kind: K): Iterable<DefinitionKinds[K]>;
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
  /** As much of a value set as is loaded, and what is missing; undefined when the value set itself is not loaded. */
  expansion(valueSetUrl: string): Expansion | undefined;
  /** The search parameters of a type, those of Resource and DomainResource among them. */
  searchParameters(type: string): readonly SearchParameter[];
  searchParameter(type: string, name: string): SearchParameter | undefined;
  /** Rises when search parameters came or went; undefined where they never do. */
  readonly revision?: number;
  /** Whether a parameter is known but not yet searched by: what is stored is still being looked through for it. */
  isBeingIndexed?(type: string, name: string): boolean;
}

/** One element of a type as JSON has it. */
export interface ElementInfo {
  /** The JSON name: valueQuantity for the choice value[x]. */
  readonly name: string;
  /** The path of the definition; it ends in [x] for a choice. Shape: Observation.value[x] */
  readonly path: string;
  /** For a choice: how many of all its types together. */
  readonly min: number;
  /** Infinity for *. */
  readonly max: number;
  /** The FHIR type: a primitive, a data type, a resource type, `Reference`, or the path whose children it has. */
  readonly type: string;
  /** For Reference and canonical: the resource types it may point to; empty: any. */
  readonly targets: readonly string[];
  readonly binding?: { readonly strength: 'required' | 'extensible' | 'preferred' | 'example'; readonly valueSet: string };
  /** Whether _summary=true keeps it. */
  readonly summary: boolean;
  /** Whether XML writes it as an attribute (id and Extension.url). */
  readonly attribute: boolean;
}

/** A code as a value set lists it. */
export interface Code {
  readonly system: string;
  readonly code: string;
  readonly display?: string;
}

/** The codes of a value set: whether one is among them, and which there are. */
export interface CodeSet {
  /** `system` undefined: whether any system has the code, as an element of type code asks. */
  has(system: string | undefined, code: string): boolean;
  display(system: string | undefined, code: string): string | undefined;
  /** Infinity where a grammar decides and not a list: media types, languages. */
  readonly size: number;
  /** The codes that are listed, in the order of the value set; those a grammar decides are not. */
  list(): Iterable<Code>;
}

/** A value set as far as it is known. */
export interface Expansion {
  readonly codes: CodeSet;
  /** The code systems and value sets it draws on that are not loaded. Empty: `codes` is all of it. */
  readonly missing: readonly string[];
}
