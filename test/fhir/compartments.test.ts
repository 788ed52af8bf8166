import { expect, test } from 'vitest';
import { compileCompartments } from '../../src/fhir/compartments.ts';
import { definitions } from '../definitions.ts';

const parametersOf = compileCompartments(definitions);

test('a resource is in a compartment by the parameters R4 names', () => {
  expect(parametersOf('Patient', 'Observation')).toEqual(['subject', 'performer']);
  expect(parametersOf('Patient', 'Encounter')).toEqual(['patient']);
  expect(parametersOf('Encounter', 'Observation')).toEqual(['encounter']);
  expect(parametersOf('Practitioner', 'Encounter')).toEqual(['practitioner', 'participant']);
});

test('a type without a link is in none', () => {
  expect(parametersOf('Patient', 'Organization')).toEqual([]);
  expect(parametersOf('Organization', 'Patient')).toEqual([]);
});

test('every parameter named is a reference the type has', () => {
  for (const compartment of ['Patient', 'Encounter', 'Practitioner', 'RelatedPerson', 'Device']) {
    for (const type of definitions.resourceTypes) {
      for (const name of parametersOf(compartment, type)) expect(definitions.searchParameter(type, name)?.type).toBe('reference');
    }
  }
});
