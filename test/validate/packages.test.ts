import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { StructureDefinition } from 'fhir/r4.js';
import type { Resource } from '../../src/fhir/resource.ts';
import { compileValidator } from '../../src/validate/compile-validator.ts';
import { loadPackages } from '../../src/validate/package/load-packages.ts';
import { type FhirPackage, parsePackageArchive, parsePackageFiles } from '../../src/validate/package/package.ts';
import type { Validator } from '../../src/validate/validator.ts';
import { definitions } from '../definitions.ts';
import { seededRandom } from '../fhir/random.ts';
import { thin } from './mutate.ts';

const US_CORE = fileURLToPath(new URL('../../../shared/fhir/hl7.fhir.us.core-6.1.0.tgz', import.meta.url));
const CCRR = fileURLToPath(new URL('../../../shared/reference/cancer-registry/ccrr/ccrr_v100.tgz', import.meta.url));
const OWN = fileURLToPath(new URL('../../profiles/chartbridge/', import.meta.url));

function read(result: ReturnType<typeof parsePackageArchive>): FhirPackage {
  if (!result.ok) expect.fail(JSON.stringify(result.issues));
  return result.value;
}

function errors(validator: Validator, resource: unknown, profiles: string[] = []): string[] {
  return validator
    .validate(resource, { profiles })
    .filter((item) => item.severity === 'error')
    .map((item) => `${item.id} ${item.expression} ${item.parameters.rule ?? ''}`);
}

describe.skipIf(!existsSync(US_CORE))('US Core 6.1.0 (needs ../shared)', () => {
  const usCore = existsSync(US_CORE) ? read(parsePackageArchive(readFileSync(US_CORE), 'us-core')) : undefined;
  if (usCore === undefined) return;
  const loaded = loadPackages(definitions, [usCore]);
  const validator = compileValidator(loaded.definitions);

  test('it loads whole, and says which packages it builds on are not there', () => {
    expect(usCore.definitions).toHaveLength(206);
    expect([...new Set(loaded.issues.map((item) => item.id))]).toEqual(['package-dependency-missing']);
  });

  test('its examples meet its profiles', () => {
    expect(usCore.examples.length).toBeGreaterThan(150);
    expect(
      usCore.examples.flatMap((example) => errors(validator, example).map((line) => `${example.resourceType}/${example.id} ${line}`)),
    ).toEqual([]);
  });

  test('what an example lacks is told', () => {
    const found = usCore.examples.find((example) => example.id === 'blood-pressure') as Resource & {
      component: unknown[];
      category?: unknown;
    };
    const { category: _category, ...rest } = structuredClone(found);
    rest.component.pop();
    expect(errors(validator, rest)).toEqual([
      'profile-not-met Observation.category category: at least 1 of them, not 0',
      'profile-not-met Observation.category category:VSCat: at least 1 of them, not 0',
      'profile-not-met Observation.component component: at least 2 of them, not 1',
      'profile-not-met Observation.component component:diastolic: at least 1 of them, not 0',
    ]);
  });

  test('snapshots made from its differentials judge as its own snapshots do', () => {
    const bare = usCore.definitions.map((item) => (item.resourceType === 'StructureDefinition' ? withoutSnapshot(item) : item));
    const made = loadPackages(definitions, [{ ...usCore, definitions: bare }]);
    // the base of this one is in a package that is not loaded
    const unusable = made.issues.filter((item) => item.id === 'profile-unusable').map((item) => item.parameters.profile);
    expect(unusable).toEqual(['http://hl7.org/fhir/us/core/StructureDefinition/us-core-questionnaireresponse']);
    const other = compileValidator(made.definitions);
    const random = seededRandom(7);
    for (const example of usCore.examples.filter((item) => item.resourceType !== 'QuestionnaireResponse')) {
      for (const resource of [example, thin(example, random), thin(example, random)]) {
        expect(new Set(places(other, resource)), `${example.resourceType}/${example.id}`).toEqual(new Set(places(validator, resource)));
      }
    }
  });
});

describe.skipIf(!existsSync(CCRR) || !existsSync(US_CORE))('the package for cancer registries 1.0.0 (needs ../shared)', () => {
  test('its examples meet its profiles, but for one narrative that is not closed', () => {
    const packages = [US_CORE, CCRR].map((path) => read(parsePackageArchive(readFileSync(path), path)));
    const validator = compileValidator(loadPackages(definitions, packages).definitions);
    const examples = packages[1]?.examples ?? [];
    expect(examples).toHaveLength(23);
    expect(examples.flatMap((example) => errors(validator, example))).toEqual(['value-invalid Encounter.text.div ']);
  });
});

function withoutSnapshot(structure: StructureDefinition): StructureDefinition {
  const { snapshot: _snapshot, ...rest } = structure;
  return rest;
}

function places(validator: Validator, resource: unknown): string[] {
  return validator
    .validate(resource)
    .filter((item) => item.severity === 'error')
    .map((item) => `${item.id} ${item.expression} ${item.parameters.profile ?? ''}`);
}

describe('the profiles of Chartbridge', () => {
  const files = readdirSync(OWN).map((path) => ({ path, bytes: readFileSync(join(OWN, path)) }));
  const own = read(parsePackageFiles(files, 'chartbridge'));
  const loaded = loadPackages(definitions, [own]);
  const validator = compileValidator(loaded.definitions);
  const profile = (type: string) => `urn:chartbridge:profile:chartbridge-${type.toLowerCase()}`;

  test('each is on a type of its own and usable', () => {
    expect(loaded.issues).toEqual([]);
    const types = own.definitions.map((item) => (item.resourceType === 'StructureDefinition' ? item.type : ''));
    expect(types.sort()).toEqual(
      'AllergyIntolerance Condition Coverage DiagnosticReport Encounter MessageHeader Observation Patient Provenance RelatedPerson ServiceRequest Specimen'.split(
        ' ',
      ),
    );
  });

  test('each definition is itself a good StructureDefinition', () => {
    for (const item of own.definitions) expect(errors(validator, item), `${item.url}`).toEqual([]);
  });

  const code = { text: 'x' };
  const subject = { reference: 'Patient/1' };
  const patient = { reference: 'Patient/1' };
  const cases: readonly [string, object, object, string][] = [
    ['Patient', { identifier: [{ value: '1' }] }, {}, 'Patient.identifier'],
    ['Patient', { identifier: [{ value: '1' }] }, { identifier: [{ system: 'urn:x' }] }, 'Patient.identifier[0].value'],
    ['Encounter', { status: 'finished', class: { code: 'I' }, subject }, { status: 'finished', class: { code: 'I' } }, 'Encounter.subject'],
    [
      'Observation',
      { status: 'final', code, subject },
      { status: 'final', code, subject: { reference: 'Group/1' } },
      'Observation.subject',
    ],
    ['DiagnosticReport', { status: 'final', code, subject }, { status: 'final', code }, 'DiagnosticReport.subject'],
    ['Condition', { subject }, { subject: { reference: 'Group/1' } }, 'Condition.subject'],
    [
      'AllergyIntolerance',
      {
        clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }] },
        patient,
        code,
      },
      {
        clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }] },
        patient,
      },
      'AllergyIntolerance.code',
    ],
    [
      'ServiceRequest',
      { status: 'active', intent: 'order', subject },
      { status: 'active', intent: 'order', subject: { reference: 'Device/1' } },
      'ServiceRequest.subject',
    ],
    ['Specimen', { subject }, {}, 'Specimen.subject'],
    [
      'Coverage',
      { status: 'active', beneficiary: patient, payor: [{ display: 'x' }] },
      { status: 'active', beneficiary: { reference: 'Group/1' }, payor: [{ display: 'x' }] },
      'Coverage.beneficiary',
    ],
    ['RelatedPerson', { patient, name: [{ text: 'x' }] }, { patient: { reference: 'Group/1' } }, 'RelatedPerson.patient'],
    [
      'Provenance',
      { target: [patient], recorded: '2026-01-02T10:00:00Z', agent: [{ who: { display: 'x' } }] },
      { target: [patient], recorded: '2026-01-02T10:00:00Z', agent: [{ who: { type: 'Device' } }] },
      'Provenance.agent[0]',
    ],
    [
      'MessageHeader',
      { eventCoding: { code: 'A01' }, source: { endpoint: 'urn:x' } },
      { eventUri: 'urn:x', source: { endpoint: 'urn:x' } },
      'MessageHeader.event',
    ],
  ];
  test.each(cases)('a %s that keeps the promise, and one that breaks it', (resourceType, right, wrong, expression) => {
    expect(errors(validator, { resourceType, ...right }, [profile(resourceType)])).toEqual([]);
    expect(errors(validator, { resourceType, ...wrong }, [profile(resourceType)]).map((line) => line.split(' ')[1])).toContain(expression);
  });
});
