import { describe, expect, test } from 'vitest';
import type { Resource } from '../../src/fhir/resource.ts';
import { validateMade } from '../../src/intake/validation-issues.ts';
import type { ValidationMode } from '../../src/map/sender.ts';
import { compileValidator } from '../../src/validate/compile-validator.ts';
import { definitions } from '../definitions.ts';

const validator = compileValidator(definitions);
const VITAL_SIGNS = 'http://hl7.org/fhir/StructureDefinition/vitalsigns';
const HEART_RATE = 'http://hl7.org/fhir/StructureDefinition/heartrate';
const LOINC = 'http://loinc.org';
const UCUM = 'http://unitsofmeasure.org';

const rate = {
  resourceType: 'Observation',
  status: 'final',
  category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] }],
  code: { coding: [{ system: LOINC, code: '8867-4' }] },
  subject: { reference: 'Patient/1' },
  effectiveDateTime: '2026-01-02',
  valueQuantity: { value: 70, unit: '/min', system: UCUM, code: '/min' },
};
const weight = { ...rate, code: { coding: [{ system: LOINC, code: '29463-7' }] } };

function hold(resource: Resource, mode: ValidationMode, claims: string[] = [], claimedByMap: string[] = []) {
  const from = { segment: 'OBX', occurrence: 3 };
  const origins = new Map([['Observation.valueQuantity', { ...from, field: 5 }]]);
  const made = { from, origins, resource: { resourceType: 'Observation', meta: { profile: claimedByMap } } };
  const { resource: held, issues } = validateMade(resource, made, { validator, mode, claims: () => claims });
  return { profiles: held.meta?.profile, tags: held.meta?.tag, told: issues.map(({ id, severity }) => `${id} ${severity}`), issues };
}

describe('the resources of a feed', () => {
  test.each(['off', 'warn', 'reject'] as const)('that are no R4 are an error in mode %s', (mode) => {
    const { status: _status, ...bad } = rate;
    expect(hold(bad, mode).told).toEqual(['element-missing error']);
  });

  test.each([
    ['reject', ['profile-not-met error'], [{ system: 'urn:chartbridge:issue', code: 'profile-not-met' }]],
    ['warn', ['profile-not-met warning'], [{ system: 'urn:chartbridge:issue', code: 'profile-not-met' }]],
    ['off', [], undefined],
  ] as const)('that miss a profile the map claims, in mode %s', (mode, told, tags) => {
    const found = hold({ ...weight, meta: { profile: [HEART_RATE] } }, mode, [], [HEART_RATE]);
    expect([...new Set(found.told)]).toEqual(told);
    expect([found.profiles, found.tags]).toEqual([undefined, tags]);
  });

  test('claim of the profiles they may claim those they meet', () => {
    expect(hold(rate, 'warn', [VITAL_SIGNS, HEART_RATE]).profiles).toEqual([VITAL_SIGNS, HEART_RATE]);
    const { profiles, told, tags } = hold(weight, 'warn', [VITAL_SIGNS, HEART_RATE]);
    expect([profiles, told, tags]).toEqual([[VITAL_SIGNS], [], undefined]);
    expect(hold(rate, 'off', [VITAL_SIGNS]).profiles).toBeUndefined();
  });

  test('keep what somebody else claimed of them, unless it is not true', () => {
    expect(hold({ ...rate, meta: { profile: ['urn:unknown', VITAL_SIGNS] } }, 'warn').profiles).toEqual(['urn:unknown', VITAL_SIGNS]);
    expect(hold({ ...weight, meta: { profile: ['urn:unknown', HEART_RATE] } }, 'warn').profiles).toEqual(['urn:unknown']);
  });

  test('lose the tag once they meet the profile', () => {
    const tag = [
      { system: 'urn:x', code: 'y' },
      { system: 'urn:chartbridge:issue', code: 'profile-not-met' },
    ];
    expect(hold({ ...rate, meta: { profile: [HEART_RATE], tag } }, 'warn').tags).toEqual([{ system: 'urn:x', code: 'y' }]);
  });

  test('tell the field that the nearest known element around a fault came from', () => {
    const { issues } = hold({ ...rate, valueQuantity: { ...rate.valueQuantity, system: 5 } }, 'warn');
    expect(issues.map(({ expression, at }) => [expression, at])).toEqual([
      ['Observation.value.system', { segment: 'OBX', occurrence: 3, field: 5 }],
    ]);
    const { status: _status, ...bad } = rate;
    expect(hold(bad, 'warn').issues.map(({ expression, at }) => [expression, at])).toEqual([
      ['Observation.status', { segment: 'OBX', occurrence: 3 }],
    ]);
  });
});
