import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withResources } from '../../src/fhir/compile-definitions.ts';
import { compileExtractor } from '../../src/fhir/index-extraction.ts';
import type { IndexValues } from '../../src/fhir/index-values.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { setDecimal } from '../../src/fhir/written-number.ts';
import { definitions } from '../definitions.ts';
import { anyResource } from './generate.ts';
import { cases } from '../cases.ts';

const extract = compileExtractor(definitions);

/** What one parameter found, without its name. */
function found(values: IndexValues, kind: keyof IndexValues, parameter: string): unknown[] {
  return (values[kind] as readonly { parameter: string }[])
    .filter((one) => one.parameter === parameter)
    .map(({ parameter: _name, ...rest }) => rest);
}

const patient = extract({
  resourceType: 'Patient',
  id: 'p1',
  meta: { tag: [{ system: 'http://a.org/tags', code: 'vip' }], profile: ['http://a.org/fhir/profile|1.0'], source: 'urn:feed:1' },
  active: true,
  identifier: [
    {
      system: 'http://a.org/mrn',
      value: '123',
      type: { text: 'MRN', coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] },
    },
    { value: 'bare' },
  ],
  name: [{ family: 'Æsop-Müller', given: ['Ann', 'Ann'], prefix: ['Dr.'] }],
  telecom: [
    { system: 'phone', value: '(555) 010-0199' },
    { system: 'email', value: 'Ann@Example.org' },
  ],
  gender: 'female',
  birthDate: '1980-03',
  deceasedDateTime: '2026-01-02',
  address: [{ line: ['1 Main St'], city: 'Springfield', postalCode: '01234' }],
  generalPractitioner: [
    { reference: 'Practitioner/9/_history/3' },
    { reference: 'https://other.org/fhir/Organization/7' },
    { display: 'Dr. Who' },
  ],
  managingOrganization: { identifier: { system: 'http://a.org/orgs', value: 'O1' } },
});

describe('a patient is found by', () => {
  test('identifiers, with system, value and type', () => {
    expect(found(patient, 'tokens', 'identifier')).toEqual([
      {
        system: 'http://a.org/mrn',
        code: '123',
        text: 'MRN',
        types: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }],
      },
      { system: '', code: 'bare' },
    ]);
  });

  test('codes in the system their binding says, booleans in none', () => {
    expect(found(patient, 'tokens', 'gender')).toEqual([{ system: 'http://hl7.org/fhir/administrative-gender', code: 'female' }]);
    expect(found(patient, 'tokens', 'active')).toEqual([{ system: '', code: 'true' }]);
  });

  test('being dead, which a date of death says', () => {
    expect(found(patient, 'tokens', 'deceased')).toEqual([{ system: '', code: 'true' }]);
    expect(found(patient, 'dates', 'death-date')).toEqual([{ low: Date.UTC(2026, 0, 2), high: Date.UTC(2026, 0, 3) }]);
    const alive = extract({ resourceType: 'Patient', deceasedBoolean: false });
    expect(found(alive, 'tokens', 'deceased')).toEqual([{ system: '', code: 'false' }]);
  });

  test('each part of a name once, without case and marks', () => {
    expect(found(patient, 'strings', 'name')).toEqual([
      { value: 'Æsop-Müller', normalised: 'æsop-muller' },
      { value: 'Ann', normalised: 'ann' },
      { value: 'Dr.', normalised: 'dr.' },
    ]);
    expect(found(patient, 'strings', 'address-city')).toEqual([{ value: 'Springfield', normalised: 'springfield' }]);
    expect(found(patient, 'strings', 'address')).toHaveLength(3);
  });

  test('a month of birth as the whole month', () => {
    expect(found(patient, 'dates', 'birthdate')).toEqual([{ low: Date.UTC(1980, 2), high: Date.UTC(1980, 3) }]);
  });

  test('a phone number as written and as digits, an e-mail address in any case', () => {
    expect(found(patient, 'tokens', 'phone')).toEqual([
      { system: '', code: '(555) 010-0199' },
      { system: '', code: '5550100199' },
    ]);
    expect(found(patient, 'tokens', 'email')).toEqual([
      { system: '', code: 'Ann@Example.org' },
      { system: '', code: 'ann@example.org' },
    ]);
  });

  test('references here, elsewhere and logical; one with only a display is there and found by nothing', () => {
    expect(found(patient, 'references', 'general-practitioner')).toEqual([
      { type: 'Practitioner', id: '9' },
      { type: 'Organization', url: 'https://other.org/fhir/Organization/7' },
      {},
    ]);
    expect(found(patient, 'references', 'organization')).toEqual([{ identifier: { system: 'http://a.org/orgs', value: 'O1' } }]);
  });

  test('its tags, profiles and source; id and time are the store’s', () => {
    expect(found(patient, 'tokens', '_tag')).toEqual([{ system: 'http://a.org/tags', code: 'vip' }]);
    expect(found(patient, 'uris', '_profile')).toEqual([{ value: 'http://a.org/fhir/profile|1.0' }]);
    expect(found(patient, 'uris', '_source')).toEqual([{ value: 'urn:feed:1' }]);
    expect(JSON.stringify(patient)).not.toContain('"_id"');
  });
});

describe('an observation is found by', () => {
  const systolic = {
    code: { coding: [{ system: 'http://loinc.org', code: '8480-6', display: 'Systolic' }], text: 'Upper' },
    valueQuantity: { value: 120, unit: 'mmHg', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
  };
  const values = extract({
    resourceType: 'Observation',
    status: 'final',
    code: { text: 'Blood pressure' },
    subject: { reference: 'Patient/1' },
    effectivePeriod: { start: '2026-01-02T10:00:00Z' },
    component: [systolic, { code: { coding: [{ system: 'http://loinc.org', code: '8462-4' }] } }],
  });

  test('a concept by each coding and by its text where no coding says the same', () => {
    expect(found(values, 'tokens', 'code')).toEqual([{ system: '', code: '', text: 'Blood pressure' }]);
    expect(found(values, 'tokens', 'component-code')).toEqual([
      { system: 'http://loinc.org', code: '8480-6', text: 'Systolic' },
      { system: '', code: '', text: 'Upper' },
      { system: 'http://loinc.org', code: '8462-4' },
    ]);
  });

  test('patient and subject, the first only where the reference is to one', () => {
    expect(found(values, 'references', 'patient')).toEqual([{ type: 'Patient', id: '1' }]);
    const group = extract({ resourceType: 'Observation', subject: { reference: 'Group/1' } });
    expect(found(group, 'references', 'subject')).toEqual([{ type: 'Group', id: '1' }]);
    expect(found(group, 'references', 'patient')).toEqual([]);
    const inside = extract({
      resourceType: 'Observation',
      contained: [{ resourceType: 'Patient', id: 'a' }],
      subject: { reference: '#a' },
    });
    expect(found(inside, 'references', 'patient')).toEqual([{ type: 'Patient', url: '#a' }]);
  });

  test('a quantity as written and in base units', () => {
    expect(found(values, 'quantities', 'component-value-quantity')).toEqual([
      { value: 120, low: 119.5, high: 120.5, system: 'http://unitsofmeasure.org', code: 'mm[Hg]', unit: 'mmHg' },
    ]);
    expect(found(values, 'quantities', 'component-value-quantity:base')).toEqual([
      { value: 15998640, low: 15931979, high: 16065301, system: 'http://unitsofmeasure.org', code: 'g.m-1.s-2', unit: 'g.m-1.s-2' },
    ]);
  });

  test('the same quantity in another unit has the same base', () => {
    const weight = (value: number, code: string) => {
      const resource = { resourceType: 'Observation', valueQuantity: { value, code, system: 'http://unitsofmeasure.org' } };
      return found(extract(resource), 'quantities', 'value-quantity:base').map((one) => (one as { value: number }).value);
    };
    expect(weight(5, 'mg')).toEqual(weight(0.005, 'g'));
    expect(weight(37, 'Cel')).toEqual(weight(310.15, 'K'));
    expect(weight(98.6, '[degF]')).toEqual(weight(37, 'Cel'));
    expect(weight(5, '[iU]')).toEqual([]);
    expect(weight(5, 'not a unit')).toEqual([]);
  });

  test('the precision a value is written with', () => {
    const quantity = {};
    setDecimal(quantity, 'value', '5.40');
    const [one] = found(extract({ resourceType: 'Observation', valueQuantity: quantity }), 'quantities', 'value-quantity');
    expect(one).toMatchObject({ value: 5.4, low: 5.395, high: 5.405 });
  });

  test('composites, the parts being of one element', () => {
    const [composite, ...more] = found(values, 'composites', 'component-code-value-quantity') as { parts: IndexValues[] }[];
    expect(more).toEqual([]);
    expect(composite?.parts[0]?.tokens.map((one) => one.code)).toEqual(['8480-6', '']);
    expect(composite?.parts[1]?.quantities.map((one) => one.value)).toEqual([120]);
    expect(found(values, 'composites', 'code-value-quantity')).toEqual([]);
  });

  test('a period that has not ended, to the end of time', () => {
    expect(found(values, 'dates', 'date')).toEqual([{ low: Date.UTC(2026, 0, 2, 10), high: 8.64e15 }]);
  });
});

describe('also found', () => {
  test('a timing by its first and last event', () => {
    const values = extract({
      resourceType: 'ServiceRequest',
      occurrenceTiming: { event: ['2026-03-01', '2026-01-01'], repeat: { boundsPeriod: { end: '2026-02' } } },
    });
    expect(found(values, 'dates', 'occurrence')).toEqual([{ low: -8.64e15, high: Date.UTC(2026, 2, 2) }]);
  });

  test('a document bundle by its composition', () => {
    const bundle = (resourceType: string) =>
      extract({ resourceType: 'Bundle', type: 'document', entry: [{ resource: { resourceType, id: 'c' } }] });
    expect(found(bundle('Composition'), 'references', 'composition')).toEqual([{ type: 'Composition', id: 'c' }]);
    expect(found(bundle('Patient'), 'references', 'composition')).toEqual([]);
  });

  test('a related document by what it is to it, which R4 names the wrong way round', () => {
    const values = extract({
      resourceType: 'DocumentReference',
      relatesTo: [{ code: 'replaces', target: { reference: 'DocumentReference/1' } }],
    });
    const [composite] = found(values, 'composites', 'relationship') as { parts: IndexValues[] }[];
    expect(composite?.parts[0]?.references[0]?.id).toBe('1');
    expect(composite?.parts[1]?.tokens[0]?.code).toBe('replaces');
  });

  test('sampled data by the bounds of its samples', () => {
    const values = extract({
      resourceType: 'Observation',
      valueSampledData: { origin: { value: 100, unit: 'uV' }, period: 10, factor: 2, dimensions: 1, data: '-5 E 0 10 U' },
    });
    expect(found(values, 'quantities', 'value-quantity')).toEqual([{ value: 90, low: 90, high: 120, system: '', code: '', unit: 'uV' }]);
  });

  test('a canonical with and without its version', () => {
    const values = extract({ resourceType: 'QuestionnaireResponse', questionnaire: 'http://a.org/q|2' });
    expect(found(values, 'references', 'questionnaire')).toEqual([{ url: 'http://a.org/q|2' }, { url: 'http://a.org/q' }]);
  });

  test('what our own address names, as ours', () => {
    const ours = compileExtractor(definitions, { baseUrl: 'https://gw.org/fhir' });
    const values = ours({ resourceType: 'Observation', subject: { reference: 'https://gw.org/fhir/Patient/1' } });
    expect(found(values, 'references', 'patient')).toEqual([{ type: 'Patient', id: '1' }]);
  });

  test('dates without an offset where the server is', () => {
    const ours = compileExtractor(definitions, { offsetMinutes: -300 });
    expect(found(ours({ resourceType: 'Patient', birthDate: '2026-01-01' }), 'dates', 'birthdate')).toEqual([
      { low: Date.UTC(2026, 0, 1, 5), high: Date.UTC(2026, 0, 2, 5) },
    ]);
  });

  test('what a parameter of a package finds, the full engine helping where its expression is beyond our paths', () => {
    const parameter = {
      resourceType: 'SearchParameter' as const,
      name: 'x',
      status: 'active' as const,
      description: 'x',
      base: ['Patient' as const],
    };
    const more = withResources(definitions, [
      {
        ...parameter,
        url: 'http://a.org/1',
        code: 'race',
        type: 'token',
        expression: "Patient.extension.where(url = 'http://a.org/race').value.code",
      },
      { ...parameter, url: 'http://a.org/2', code: 'initial', type: 'string', expression: 'Patient.name.family.substring(0, 1)' },
      { ...parameter, url: 'http://a.org/3', code: 'broken', type: 'string', expression: 'Patient.name.family.(' },
    ]);
    const values = compileExtractor(more)({
      resourceType: 'Patient',
      name: [{ family: 'Miller' }],
      extension: [{ url: 'http://a.org/race', valueCoding: { system: 'urn:r', code: 'x' } }],
    });
    expect(found(values, 'tokens', 'race')).toEqual([{ system: '', code: 'x' }]);
    expect(found(values, 'strings', 'initial')).toEqual([{ value: 'M', normalised: 'm' }]);
    expect(found(values, 'strings', 'broken')).toEqual([]);
  });
});

describe('whatever a resource holds', () => {
  test('no list has a value twice', () => {
    fc.assert(
      fc.property(anyResource(definitions), (resource) => {
        for (const list of Object.values(extract(resource)) as unknown[][]) {
          expect(new Set(list.map((one) => JSON.stringify(one))).size).toBe(list.length);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('values of a wrong shape are passed over', () => {
    const odd = fc.constantFrom<unknown>(
      null,
      0,
      '',
      'x',
      true,
      [],
      {},
      [null],
      [[]],
      [{}],
      { coding: 'x' },
      { value: {} },
      { reference: 1 },
    );
    fc.assert(
      fc.property(anyResource(definitions), fc.array(fc.tuple(fc.nat(), odd), { minLength: 1, maxLength: 6 }), (resource, changes) => {
        const broken = structuredClone(resource);
        for (const [place, value] of changes) replaceOne(broken, place, value);
        expect(() => JSON.stringify(extract(broken))).not.toThrow();
      }),
      { numRuns: cases(2000, 500) },
    );
  });

  test('a type that is none has no values', () => {
    expect(Object.values(extract({ resourceType: '__proto__' })).flat()).toEqual([]);
    expect(Object.values(extract({ resourceType: 'Patients', active: true })).flat()).toEqual([]);
  });
});

/** Puts another value in some place of a resource. */
function replaceOne(resource: Resource, place: number, value: unknown): void {
  const places: [Record<string, unknown>, string][] = [];
  const walk = (object: unknown) => {
    if (typeof object !== 'object' || object === null) return;
    for (const name of Object.keys(object)) {
      if (name !== 'resourceType') places.push([object as Record<string, unknown>, name]);
      walk((object as Record<string, unknown>)[name]);
    }
  };
  walk(resource);
  const chosen = places[place % Math.max(places.length, 1)];
  if (chosen !== undefined) chosen[0][chosen[1]] = structuredClone(value);
}
