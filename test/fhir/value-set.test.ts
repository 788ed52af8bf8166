import type { CodeSystem, ValueSet } from 'fhir/r4.js';
import { describe, expect, test } from 'vitest';
import { withResources } from '../../src/fhir/compile-definitions.ts';
import type { Code } from '../../src/fhir/definitions.ts';
import { definitions } from '../definitions.ts';

const SYSTEM = 'http://example.org/animals';

const animals: CodeSystem = {
  resourceType: 'CodeSystem',
  url: SYSTEM,
  status: 'active',
  content: 'complete',
  caseSensitive: false,
  concept: [
    {
      code: 'mammal',
      display: 'Mammal',
      concept: [
        { code: 'dog', display: 'Dog', property: [{ code: 'legs', valueInteger: 4 }] },
        { code: 'whale', display: 'Whale', property: [{ code: 'lives', valueCode: 'sea' }], concept: [{ code: 'orca' }] },
      ],
    },
    { code: 'bird', concept: [{ code: 'owl', property: [{ code: 'legs', valueInteger: 2 }] }] },
    {
      code: 'bat',
      property: [
        { code: 'parent', valueCode: 'mammal' },
        { code: 'lives', valueCode: 'air' },
      ],
    },
  ],
};

type Compose = NonNullable<ValueSet['compose']>;

function codesOf(compose: Compose, others: readonly ValueSet[] = []): string[] | undefined {
  const valueSet: ValueSet = { resourceType: 'ValueSet', url: 'http://example.org/vs', status: 'active', compose };
  const codes = withResources(definitions, [animals, valueSet, ...others]).codes('http://example.org/vs');
  return codes && [...codes.list()].map((one: Code) => one.code).sort();
}

function filtered(
  property: string,
  op: 'is-a' | 'descendent-of' | 'is-not-a' | '=' | 'in' | 'not-in' | 'exists' | 'regex' | 'generalizes',
  value: string,
) {
  return codesOf({ include: [{ system: SYSTEM, filter: [{ property, op, value }] }] });
}

describe('a value set', () => {
  test('of a whole system has every code at every depth', () => {
    expect(codesOf({ include: [{ system: SYSTEM }] })).toEqual(['bat', 'bird', 'dog', 'mammal', 'orca', 'owl', 'whale']);
  });

  test('is filtered by hierarchy, nested or by property', () => {
    expect(filtered('concept', 'is-a', 'mammal')).toEqual(['bat', 'dog', 'mammal', 'orca', 'whale']);
    expect(filtered('concept', 'descendent-of', 'mammal')).toEqual(['bat', 'dog', 'orca', 'whale']);
    expect(filtered('concept', 'is-not-a', 'mammal')).toEqual(['bird', 'owl']);
    expect(filtered('concept', 'generalizes', 'orca')).toEqual(['mammal', 'orca', 'whale']);
    expect(filtered('parent', '=', 'bird')).toEqual(['owl']);
  });

  test('is filtered by properties', () => {
    expect(filtered('legs', '=', '4')).toEqual(['dog']);
    expect(filtered('lives', 'in', 'sea, air')).toEqual(['bat', 'whale']);
    expect(filtered('lives', 'exists', 'true')).toEqual(['bat', 'whale']);
    expect(filtered('code', 'regex', 'o.*')).toEqual(['orca', 'owl']);
    expect(filtered('concept', 'in', 'dog,owl')).toEqual(['dog', 'owl']);
  });

  test('takes the codes of others, those in all of them, and leaves out what is excluded', () => {
    const sea: ValueSet = {
      resourceType: 'ValueSet',
      url: 'http://example.org/sea',
      status: 'active',
      compose: { include: [{ system: SYSTEM, concept: [{ code: 'whale' }, { code: 'orca' }] }] },
    };
    expect(codesOf({ include: [{ valueSet: [sea.url ?? ''] }] }, [sea])).toEqual(['orca', 'whale']);
    const both = [{ system: SYSTEM, filter: [{ property: 'concept', op: 'is-a' as const, value: 'whale' }], valueSet: [sea.url ?? ''] }];
    expect(codesOf({ include: both, exclude: [{ system: SYSTEM, concept: [{ code: 'orca' }] }] }, [sea])).toEqual(['whale']);
  });

  test('that draws on what is not loaded is not known, and says what is missing', () => {
    const partly: ValueSet = {
      resourceType: 'ValueSet',
      url: 'http://example.org/partly',
      status: 'active',
      compose: { include: [{ system: SYSTEM, concept: [{ code: 'dog' }] }, { system: 'http://snomed.info/sct' }] },
    };
    const loaded = withResources(definitions, [animals, partly]);
    expect(loaded.codes('http://example.org/partly')).toBeUndefined();
    expect(loaded.expansion('http://example.org/partly')?.missing).toEqual(['http://snomed.info/sct']);
    expect(loaded.expansion('http://example.org/partly')?.codes.has(SYSTEM, 'dog')).toBe(true);
    expect(loaded.expansion('http://example.org/none')).toBeUndefined();
  });

  test('whose expansion came with it uses that, if it is whole', () => {
    const expanded = (total: number): ValueSet => ({
      resourceType: 'ValueSet',
      url: `http://example.org/expanded-${total}`,
      status: 'active',
      compose: { include: [{ system: 'http://snomed.info/sct', filter: [{ property: 'concept', op: 'is-a', value: '1' }] }] },
      expansion: {
        timestamp: '2026-01-01',
        total,
        contains: [{ system: 'http://snomed.info/sct', code: '1', contains: [{ system: 'http://snomed.info/sct', code: '2' }] }],
      },
    });
    const loaded = withResources(definitions, [expanded(2), expanded(5)]);
    expect(loaded.codes('http://example.org/expanded-2')?.has('http://snomed.info/sct', '2')).toBe(true);
    expect(loaded.codes('http://example.org/expanded-5')).toBeUndefined();
  });

  test('that includes itself ends', () => {
    expect(codesOf({ include: [{ valueSet: ['http://example.org/vs'] }] })).toBeUndefined();
  });

  test('with a filter or an expression that cannot be read is not known', () => {
    expect(filtered('code', 'regex', '(')).toBeUndefined();
  });

  test('lists a code without its system loaded, since it names the code itself', () => {
    expect(codesOf({ include: [{ system: 'http://loinc.org', concept: [{ code: '8480-6' }] }] })).toEqual(['8480-6']);
  });
});

describe('the value sets of R4', () => {
  test.each([
    ['http://hl7.org/fhir/ValueSet/administrative-gender', 'http://hl7.org/fhir/administrative-gender', 'female', 4],
    ['http://terminology.hl7.org/ValueSet/v2-0203', 'http://terminology.hl7.org/CodeSystem/v2-0203', 'MR', 127],
    ['http://terminology.hl7.org/ValueSet/v3-ActEncounterCode', 'http://terminology.hl7.org/CodeSystem/v3-ActCode', 'EMER', 11],
  ])('%s is expanded', (url, system, code, size) => {
    const codes = definitions.codes(url);
    expect(codes?.has(system, code)).toBe(true);
    expect(codes?.has(undefined, code)).toBe(true);
    expect(codes?.has('http://example.org', code)).toBe(false);
    expect(codes?.size).toBe(size);
  });

  test('media types, languages and currencies are told by their form', () => {
    const types = definitions.codes('http://hl7.org/fhir/ValueSet/mimetypes');
    expect(types?.has(undefined, 'application/fhir+json; charset=UTF-8')).toBe(true);
    expect(types?.has(undefined, 'pdf')).toBe(false);
    const languages = definitions.codes('http://hl7.org/fhir/ValueSet/all-languages');
    expect(['en', 'en-US', 'zh-Hans-CN', 'x'].map((code) => languages?.has('urn:ietf:bcp:47', code))).toEqual([true, true, true, false]);
    const currencies = definitions.codes('http://hl7.org/fhir/ValueSet/currencies');
    expect(['EUR', 'XYZ'].map((code) => currencies?.has(undefined, code))).toEqual([true, false]);
  });

  test('every required binding of a code can be checked', () => {
    const unchecked = new Set<string>();
    for (const structure of definitions.every('StructureDefinition')) {
      if (structure.derivation === 'constraint') continue;
      for (const { binding, type, path } of structure.snapshot?.element ?? []) {
        if (binding?.strength !== 'required' || binding.valueSet === undefined || type?.every((one) => one.code !== 'code') === true)
          continue;
        if (definitions.codes(binding.valueSet) === undefined) unchecked.add(`${path} ${binding.valueSet}`);
      }
    }
    expect([...unchecked]).toEqual([]);
  });
});
