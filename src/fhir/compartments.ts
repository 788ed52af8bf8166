import type { Definitions } from './definitions.ts';

/** The reference parameters by which resources of a type are in a compartment; empty when the type is never in it. */
export type CompartmentParameters = (compartment: string, type: string) => readonly string[];

const NONE: readonly string[] = [];

/**
 * Reads the compartments R4 defines: those of Patient, Encounter, Practitioner, RelatedPerson and Device. The resource the compartment is
 * named for is in it by itself, which no parameter says.
 *
 * Shape:  compileCompartments(definitions)('Patient', 'Observation') is ['subject', 'performer']
 * Source: FHIR R4 CompartmentDefinition
 */
export function compileCompartments(definitions: Definitions): CompartmentParameters {
  const compartments = new Map<string, ReadonlyMap<string, readonly string[]>>();
  for (const { code, resource = [] } of definitions.every('CompartmentDefinition')) {
    const types = resource.map(({ code: type, param = [] }) => {
      const usable = param.filter((name) => definitions.searchParameter(type, name)?.type === 'reference');
      return [type, usable] as const;
    });
    compartments.set(code, new Map(types));
  }
  return (compartment, type) => compartments.get(compartment)?.get(type) ?? NONE;
}
