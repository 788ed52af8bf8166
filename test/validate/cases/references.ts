import type { RuleCase } from './rule-case.ts';

const code = { text: 'x' };
const observation = (subject: object, rest: object = {}) => ({ resourceType: 'Observation', status: 'final', code, subject, ...rest });
const AT = { id: 'element-type-wrong', at: 'Observation.subject' } as const;
const organization = { resourceType: 'Organization', id: 'o', name: 'x' };
const person = { resourceType: 'Patient', id: 'p' };
const UUID = 'urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a';
const bundled = (resource: object, reference: string) => ({
  resourceType: 'Bundle',
  type: 'collection',
  entry: [{ fullUrl: UUID, resource }, { resource: observation({ reference }) }],
});
const IN_BUNDLE = { id: 'element-type-wrong', at: 'Bundle.entry[1].resource.subject' } as const;

/** What references may point to. */
export const referenceCases: readonly RuleCase[] = [
  {
    rule: 'the type in a reference',
    right: observation({ reference: 'Patient/abc' }),
    wrong: observation({ reference: 'abc' }),
    id: 'reference-unreadable',
    at: 'Observation.subject.reference',
  },
  {
    rule: 'a reference to any type, of R4',
    right: observation({ reference: 'Patient/1' }, { focus: [{ reference: 'Basic/1' }] }),
    wrong: observation({ reference: 'Patient/1' }, { focus: [{ reference: 'Thing/1' }] }),
    id: 'reference-unreadable',
    at: 'Observation.focus[0].reference',
  },
  {
    rule: 'a reference by address',
    right: observation({ reference: 'Patient/1' }, { focus: [{ reference: 'https://a.org/some/where' }] }),
    wrong: observation({ reference: 'Patient/1' }, { focus: [{ reference: 'some/where else' }] }),
    id: 'reference-unreadable',
    at: 'Observation.focus[0].reference',
  },
  {
    rule: 'a relative reference',
    right: observation({ reference: 'Patient/1' }),
    wrong: observation({ reference: 'Organization/1' }),
    ...AT,
  },
  {
    rule: 'a reference to a version',
    right: observation({ reference: 'Group/1/_history/2' }),
    wrong: observation({ reference: 'Organization/1/_history/2' }),
    ...AT,
  },
  {
    rule: 'an absolute reference',
    right: observation({ reference: 'https://a.org/fhir/Patient/1' }),
    wrong: observation({ reference: 'https://a.org/fhir/Practitioner/1' }),
    ...AT,
  },
  {
    rule: 'a conditional reference',
    right: observation({ reference: 'Patient?identifier=1' }),
    wrong: observation({ reference: 'Coverage?identifier=1' }),
    ...AT,
  },
  {
    rule: 'a reference by identifier and type',
    right: observation({ type: 'Patient', identifier: { value: '1' } }),
    wrong: observation({ type: 'Practitioner', identifier: { value: '1' } }),
    ...AT,
  },
  {
    rule: 'a contained resource',
    right: observation({ reference: '#p' }, { contained: [person] }),
    wrong: observation({ reference: '#o' }, { contained: [organization] }),
    ...AT,
  },
  {
    rule: 'a contained resource that is not there',
    right: observation({ reference: '#p' }, { contained: [person] }),
    wrong: observation({ reference: '#q' }),
    id: 'invariant-not-met',
    key: 'ref-1',
    at: 'Observation.subject',
  },
  { rule: 'an entry by its fullUrl', right: bundled(person, UUID), wrong: bundled(organization, UUID), ...IN_BUNDLE },
  {
    rule: 'a type that R4 does not have',
    right: observation({ reference: 'Patient/1' }),
    wrong: observation({ reference: 'Persons/1' }),
    id: 'element-type-wrong',
    at: 'Observation.subject',
    also: ['reference-unreadable Observation.subject.reference'],
  },
  {
    rule: 'a reference in a list',
    right: observation({ reference: 'Patient/1' }, { performer: [{ reference: 'Practitioner/1' }] }),
    wrong: observation({ reference: 'Patient/1' }, { performer: [{ reference: 'Practitioner/1' }, { reference: 'Device/1' }] }),
    id: 'element-type-wrong',
    at: 'Observation.performer[1]',
  },
];
