import { describe, expect, test } from 'vitest';
import { compileValidator } from '../../src/validate/compile-validator.ts';
import { definitions } from '../definitions.ts';

const validator = compileValidator(definitions);

/** The issues of a resource as `severity-free` pairs. */
function found(resource: unknown): string[] {
  return validator.validate(resource).map((item) => `${item.id} ${item.expression}`);
}

describe('the structure of a resource', () => {
  test('a whole patient has nothing wrong with it', () => {
    expect(
      found({
        resourceType: 'Patient',
        id: 'a',
        name: [{ family: 'Example', given: ['Anna', null], _given: [null, { extension: [{ url: 'urn:x', valueCode: 'y' }] }] }],
        gender: 'female',
        birthDate: '1980-02',
      }),
    ).toEqual([]);
  });

  test('everything wrong is said, each at its place', () => {
    expect(
      found({
        resourceType: 'Patient',
        gender: 'x',
        foo: 1,
        name: {},
        birthDate: '1980-02-30',
        deceasedBoolean: true,
        deceasedDateTime: '2020',
      }),
    ).toEqual([
      'code-not-in-value-set Patient.gender',
      'element-unknown Patient.foo',
      'element-type-wrong Patient.name',
      'value-invalid Patient.birthDate',
      'element-repeats Patient.deceased',
    ]);
  });

  test('what is not a resource is said at the root', () => {
    expect(found(null)).toEqual(['element-type-wrong Resource']);
    expect(found([])).toEqual(['element-type-wrong Resource']);
    expect(found({})).toEqual(['element-missing Resource.resourceType']);
    expect(found({ resourceType: 'Patient.contact' })).toEqual(['value-invalid Resource.resourceType']);
    expect(found({ resourceType: 'DomainResource' })).toEqual(['value-invalid Resource.resourceType']);
  });

  test('keys that JavaScript treats in its own way are unknown elements like any other', () => {
    const hostile = JSON.parse('{"resourceType":"Patient","__proto__":{"a":1},"constructor":{},"toString":1}') as unknown;
    expect(found(hostile)).toEqual([
      'element-unknown Patient.__proto__',
      'element-unknown Patient.constructor',
      'element-unknown Patient.toString',
    ]);
  });

  test('nesting without end is refused once, and so is a value that holds itself', () => {
    let extension: Record<string, unknown> = { url: 'urn:x', valueString: 'x' };
    for (let depth = 0; depth < 10_000; depth++) extension = { url: 'urn:x', extension: [extension] };
    expect(found({ resourceType: 'Patient', extension: [extension] }).map((line) => line.split(' ')[0])).toEqual(['too-costly']);
    const cyclic: Record<string, unknown> = { resourceType: 'Bundle', type: 'collection' };
    cyclic.entry = [{ resource: cyclic }];
    expect(found(cyclic).some((line) => line.startsWith('too-costly'))).toBe(true);
  });

  test('of very many issues the first are listed with the number of the rest, and an error is never among the rest alone', () => {
    const coding = { system: 'http://unitsofmeasure.org', code: 'no unit' };
    const component = Array.from({ length: 600 }, () => ({ code: { text: 'x' }, valueQuantity: { value: 1, ...coding } }));
    const issues = validator.validate({ resourceType: 'Observation', status: 'final', component });
    expect(issues.filter((item) => item.id === 'unit-unknown')).toHaveLength(500);
    expect(issues.filter((item) => item.severity === 'error').map((item) => item.expression)).toEqual(['Observation.code']);
    expect(issues.at(-1)?.id).toBe('issues-omitted');
    expect(issues.at(-1)?.parameters.count).toBe('100');
  });

  test('the resources of a bundle are held against their own types', () => {
    expect(
      found({
        resourceType: 'Bundle',
        type: 'collection',
        entry: [
          {
            fullUrl: 'urn:uuid:00000000-0000-4000-8000-000000000001',
            resource: { resourceType: 'Observation', status: 'final', component: [{}] },
          },
        ],
      }),
    ).toEqual([
      'element-missing Bundle.entry[0].resource.component[0].code',
      'invariant-not-met Bundle.entry[0].resource.component[0]',
      'element-missing Bundle.entry[0].resource.code',
    ]);
  });

  test('a reference inside a bundle is known by the type of its entry', () => {
    const entry = { fullUrl: 'urn:uuid:00000000-0000-4000-8000-000000000001', resource: { resourceType: 'Organization', name: 'GENHOSP' } };
    const subject = { reference: entry.fullUrl };
    const observation = { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject };
    expect(found({ resourceType: 'Bundle', type: 'collection', entry: [entry, { resource: observation }] })).toEqual([
      'element-type-wrong Bundle.entry[1].resource.subject',
    ]);
  });
});
