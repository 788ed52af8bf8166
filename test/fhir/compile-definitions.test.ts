import { describe, expect, test } from 'vitest';
import { readDefinitions } from '../../src/start/definitions-file.ts';
import { withResources } from '../../src/fhir/compile-definitions.ts';
import { definitions } from '../definitions.ts';

test('without the generated files the start says which is missing', () => {
  expect(() => readDefinitions(new URL('./nowhere/', import.meta.url))).toThrow(
    expect.objectContaining({ issues: [expect.objectContaining({ id: 'definitions-missing' })] }) as Error,
  );
});

describe('the elements of a type', () => {
  test('have the types a choice allows, each under its JSON name', () => {
    const values = definitions.children('Observation').filter((one) => one.path === 'Observation.value[x]');
    expect(values.map((one) => one.name)).toContain('valueQuantity');
    expect(values).toHaveLength(11);
    expect(definitions.child('Observation', 'value')).toBeUndefined();
  });

  test('inside a backbone element are found by its path', () => {
    expect(definitions.child('Patient', 'contact')?.type).toBe('Patient.contact');
    expect(definitions.child('Patient.contact', 'name')?.type).toBe('HumanName');
    expect(definitions.child('Timing', 'repeat')?.type).toBe('Timing.repeat');
  });

  test('that repeat another have its children', () => {
    expect(definitions.child('Observation.component', 'referenceRange')?.type).toBe('Observation.referenceRange');
    expect(definitions.child('Questionnaire.item', 'item')?.type).toBe('Questionnaire.item');
  });

  test('know cardinality, targets, binding and how XML writes them', () => {
    expect(definitions.child('Observation', 'status')).toMatchObject({
      min: 1,
      max: 1,
      type: 'code',
      summary: true,
      binding: { strength: 'required', valueSet: 'http://hl7.org/fhir/ValueSet/observation-status|4.0.1' },
    });
    expect(definitions.child('Patient', 'name')?.max).toBe(Number.POSITIVE_INFINITY);
    expect(definitions.child('Patient', 'managingOrganization')?.targets).toEqual(['Organization']);
    expect(definitions.child('Provenance', 'target')?.targets).toEqual([]);
    expect(definitions.child('Extension', 'url')).toMatchObject({ attribute: true, type: 'uri' });
  });

  test('the id of a resource is an id, that of an element a string', () => {
    expect(definitions.child('Patient', 'id')?.type).toBe('id');
    expect(definitions.child('HumanName', 'id')?.type).toBe('string');
  });

  test('a primitive has an id and extensions, its value being itself', () => {
    expect(definitions.children('date').map((one) => one.name)).toEqual(['id', 'extension']);
  });

  test('names out of a message do no harm', () => {
    expect(definitions.child('Patient', '__proto__')).toBeUndefined();
    expect(definitions.child('constructor', 'name')).toBeUndefined();
    expect(definitions.children('toString')).toEqual([]);
    expect(definitions.structure('__proto__')).toBeUndefined();
  });
});

describe('search parameters', () => {
  test('of a type include those of every resource', () => {
    expect(definitions.searchParameter('Patient', '_tag')?.type).toBe('token');
    expect(definitions.searchParameter('Patient', 'birthdate')?.type).toBe('date');
    expect(definitions.searchParameter('Patient', 'value-quantity')).toBeUndefined();
  });

  test('of a resource without narrative leave _text out', () => {
    expect(definitions.searchParameter('Binary', '_text')).toBeUndefined();
    expect(definitions.searchParameter('Patient', '_text')).toBeDefined();
  });
});

describe('definitions with more of them', () => {
  const more = withResources(definitions, [
    {
      resourceType: 'SearchParameter',
      url: 'http://example.org/SearchParameter/nickname',
      name: 'nickname',
      status: 'active',
      description: 'Name people call a person by',
      code: 'nickname',
      base: ['Patient'],
      type: 'string',
      expression: "Patient.name.where(use = 'nickname').given",
    },
    {
      resourceType: 'ValueSet',
      url: 'http://hl7.org/fhir/ValueSet/administrative-gender',
      status: 'active',
      compose: { include: [{ system: 'urn:x', concept: [{ code: 'a' }] }] },
    },
  ]);

  test('have both, and the base is as before', () => {
    expect(more.searchParameter('Patient', 'nickname')?.type).toBe('string');
    expect(more.searchParameter('Patient', 'birthdate')?.type).toBe('date');
    expect(definitions.searchParameter('Patient', 'nickname')).toBeUndefined();
  });

  test('of two with one address the added one counts; a version asked for is kept to', () => {
    expect(more.codes('http://hl7.org/fhir/ValueSet/administrative-gender')?.has('urn:x', 'a')).toBe(true);
    expect(more.codes('http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1')?.has(undefined, 'female')).toBe(true);
  });
});
