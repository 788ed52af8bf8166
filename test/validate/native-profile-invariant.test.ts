import { expect, test } from 'vitest';
import { compileValidator } from '../../src/validate/compile-validator.ts';
import { expressionCompiler } from '../../src/validate/expression.ts';
import { frameOf } from '../../src/validate/frame.ts';
import { nativeByExpression, nativeExpressions } from '../../src/validate/native-profile-invariant.ts';
import { Walk } from '../../src/validate/walk.ts';
import { definitions } from '../definitions.ts';

const compile = expressionCompiler(definitions);
const ABSENT = [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' }];

/** Objects with and without everything the expressions speak of, by the type they are of. */
const VALUES: Readonly<Record<string, readonly object[]>> = {
  Observation: [
    {},
    { valueString: 'x' },
    { _valueString: { extension: ABSENT } },
    { valueBoolean: false },
    { dataAbsentReason: { text: 'x' } },
    { component: [{ code: { text: 'x' } }] },
    { hasMember: [{ reference: 'Observation/1' }] },
    ...['2026', '2026-01', '2026-01-02', '2026-01-02T10:00:00Z'].map((effectiveDateTime) => ({ effectiveDateTime })),
    { _effectiveDateTime: { extension: ABSENT } },
    { effectiveDateTime: '2026', _effectiveDateTime: { extension: ABSENT } },
    { effectivePeriod: { start: '2026' } },
    { effectiveInstant: '2026-01-02T10:00:00Z' },
  ].map((one) => ({ resourceType: 'Observation', ...one })),
  HumanName: [
    {},
    { family: 'x' },
    { given: ['x'] },
    { _family: { extension: ABSENT } },
    { extension: ABSENT },
    { family: 'x', extension: ABSENT },
  ],
  ContactPoint: [{}, { use: 'home' }, { use: 'work' }, { _use: { extension: ABSENT } }],
  Identifier: [
    {},
    ...['1234567893', '123456789', '12345678931', '12D3456789', '12345', ' 12345'].map((value) => ({ value })),
    { _value: {} },
  ],
};
const BASE_OF = (expression: string) =>
  expression.startsWith('(family')
    ? 'HumanName'
    : expression.startsWith('where(use')
      ? 'ContactPoint'
      : expression.startsWith('value.m')
        ? 'Identifier'
        : 'Observation';

const forms = ['^[0-9]{10}$', '^[0-9]{2}D[0-9]{7}$', '^[0-9]{5}$'].map((form) => `value.matches('${form}')`);

test.each([...nativeExpressions, ...forms])('%s is told as fhirpath.js tells it', (expression) => {
  const base = BASE_OF(expression);
  const evaluate = compile(base, expression);
  const holds = nativeByExpression(expression);
  let broken = 0;
  for (const value of VALUES[base] as readonly Record<string, unknown>[]) {
    const walk = new Walk(frameOf(value, undefined, undefined), base, definitions.resourceTypes);
    const own = holds?.(value, walk);
    if (own === undefined) continue;
    expect(own, JSON.stringify(value)).toBe(evaluate(value, walk));
    if (!own) broken += 1;
  }
  expect(broken).toBeGreaterThan(0);
});

test('a form that could run away, or holds an escape, is left to the expression', () => {
  for (const form of ['^[a-z]+$', '^(a)$', '^\\\\d{3}$', '[0-9]']) expect(nativeByExpression(`value.matches('${form}')`)).toBeUndefined();
});

test('a vital sign over a period is no less exact than one at a time', () => {
  const validator = compileValidator(definitions);
  const rate = (effective: object) => ({
    resourceType: 'Observation',
    status: 'final',
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
    subject: { reference: 'Patient/1' },
    valueQuantity: { value: 70, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
    ...effective,
  });
  const meets = (effective: object) => validator.meets(rate(effective), 'http://hl7.org/fhir/StructureDefinition/heartrate');
  expect(meets({ effectivePeriod: { start: '2026' } })).toBe(true);
  expect(meets({ effectiveDateTime: '2026-01-02' })).toBe(true);
  expect(meets({ effectiveDateTime: '2026' })).toBe(false);
});
