import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eachReference, parseReference, toLocalReference } from '../../src/fhir/references.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { definitions } from '../definitions.ts';
import { anyResource } from './generate.ts';

describe('a reference', () => {
  test.each([
    ['Patient/1', { kind: 'relative', type: 'Patient', id: '1' }],
    ['Patient/1/_history/2', { kind: 'relative', type: 'Patient', id: '1', version: '2' }],
    [
      'https://a.org/fhir/Patient/1',
      { kind: 'absolute', url: 'https://a.org/fhir/Patient/1', base: 'https://a.org/fhir', type: 'Patient', id: '1' },
    ],
    ['http://a.org/other', { kind: 'absolute', url: 'http://a.org/other' }],
    ['urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a', { kind: 'urn', url: 'urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a' }],
    ['#med1', { kind: 'contained', fragment: 'med1' }],
    ['Patient?identifier=http://a.org|1', { kind: 'conditional', type: 'Patient', query: 'identifier=http://a.org|1' }],
  ])('%s is read', (text, expected) => {
    expect(parseReference(text)).toEqual(expected);
  });

  test('without a type, or with blanks, is none', () => {
    expect(
      ['1', 'patient/1', '', 'Patient/', 'Patient/a b', 'http://a.org/Patient/1 2', '/Patient/1'].filter(
        (text) => parseReference(text) !== undefined,
      ),
    ).toEqual([]);
  });

  test('below our own address is ours', () => {
    const read = (text: string) => parseReference(text) ?? { kind: 'urn' as const, url: '' };
    expect(toLocalReference(read('https://gw.org/fhir/Patient/1/_history/3'), 'https://gw.org/fhir')).toEqual({
      kind: 'relative',
      type: 'Patient',
      id: '1',
      version: '3',
    });
    expect(toLocalReference(read('https://gw.org/fhir2/Patient/1'), 'https://gw.org/fhir').kind).toBe('absolute');
  });
});

describe('the references of a resource', () => {
  const resource: Resource = {
    resourceType: 'Observation',
    subject: { reference: 'urn:uuid:a' },
    performer: [{ reference: 'Practitioner/1' }, { display: 'nobody' }],
    contained: [{ resourceType: 'Specimen', subject: { reference: 'urn:uuid:a' } }],
    extension: [{ url: 'x', valueReference: { reference: 'urn:uuid:a', identifier: { assigner: { reference: 'Organization/1' } } } }],
    note: [{ text: 'reference' }],
  };

  test('are found at any depth, with their paths', () => {
    const found: string[] = [];
    eachReference(resource, (reference, path) => found.push(`${path} ${reference.reference}`));
    expect(found.sort()).toEqual([
      'Observation.contained[0].subject urn:uuid:a',
      'Observation.extension[0].valueReference urn:uuid:a',
      'Observation.extension[0].valueReference.identifier.assigner Organization/1',
      'Observation.performer[0] Practitioner/1',
      'Observation.subject urn:uuid:a',
    ]);
  });

  test('are not the uris that are called reference too', () => {
    const none: Resource[] = [
      { resourceType: 'Immunization', education: [{ reference: 'http://a.org/vis' }] },
      { resourceType: 'DetectedIssue', status: 'final', reference: 'http://a.org/issue' },
      { resourceType: 'PlanDefinition', action: [{ condition: [{ expression: { language: 'text/cql', reference: 'http://a.org' } }] }] },
    ];
    const found: string[] = [];
    for (const one of none) eachReference(one, (_, path) => found.push(path));
    expect(found).toEqual([]);
  });
});

test('the references of any resource are those its definition says are references', () => {
  fc.assert(
    fc.property(anyResource(definitions), (resource) => {
      const found: string[] = [];
      eachReference(resource, (_, path) => found.push(path));
      expect(found.sort()).toEqual(byDefinition(resource, resource.resourceType, resource.resourceType).sort());
    }),
    { numRuns: 500 },
  );
});

/** The paths of the literal references in an object, by the types of its elements. */
function byDefinition(object: Readonly<Record<string, unknown>>, type: string, path: string): string[] {
  return Object.entries(object).flatMap(([name, value]) => {
    const info = definitions.child(type, name.replace(/^_/, ''));
    if (info === undefined || typeof value !== 'object' || value === null) return [];
    const items: [string, unknown][] = Array.isArray(value)
      ? value.map((item: unknown, index) => [`${path}.${name}[${index}]`, item])
      : [[`${path}.${name}`, value]];
    return items.flatMap(([place, item]) => {
      if (typeof item !== 'object' || item === null) return [];
      const one = item as Record<string, unknown>;
      const inner = info.type === 'Resource' ? String(one['resourceType']) : name.startsWith('_') ? 'Element' : info.type;
      const own = info.type === 'Reference' && typeof one['reference'] === 'string' ? [place] : [];
      return [...own, ...byDefinition(one, inner, place)];
    });
  });
}
