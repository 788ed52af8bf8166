import type { Definitions } from '../fhir/definitions.ts';

/** The types that can be in a compartment, by R4's definition of it. Shape: compartmentTypes('Patient', definitions) has Observation */
export function compartmentTypes(compartment: string, definitions: Definitions): string[] {
  const definition = definitions.find('CompartmentDefinition', `http://hl7.org/fhir/CompartmentDefinition/${compartment.toLowerCase()}`);
  return (definition?.resource ?? []).filter(({ param }) => param !== undefined && param.length > 0).map(({ code }) => code);
}
