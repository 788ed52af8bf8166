import type { CompartmentDefinition } from 'fhir/r4.js';
import type { Definitions } from '../fhir/definitions.ts';

/** What R4 says of a compartment. Its address is no rule: that of RelatedPerson ends with relatedPerson. */
export function compartmentDefinition(compartment: string, definitions: Definitions): CompartmentDefinition | undefined {
  for (const definition of definitions.every('CompartmentDefinition')) if (definition.code === compartment) return definition;
  return undefined;
}

/** The types that can be in a compartment, by R4's definition of it. Shape: compartmentTypes('Patient', definitions) has Observation */
export function compartmentTypes(compartment: string, definitions: Definitions): string[] {
  const { resource = [] } = compartmentDefinition(compartment, definitions) ?? {};
  return resource.filter(({ param }) => param !== undefined && param.length > 0).map(({ code }) => code);
}
