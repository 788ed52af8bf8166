import type { ElementDefinition } from 'fhir/r4.js';
import { describe, expect, test } from 'vitest';
import { compileValidator } from '../../src/validate/compile-validator.ts';
import { isCostly } from '../../src/validate/costly-expression.ts';
import { loadPackages } from '../../src/validate/package/load-packages.ts';
import { definitions } from '../definitions.ts';

const PROFILE = 'urn:test:profile';

function withProfile(...element: ElementDefinition[]) {
  const loaded = loadPackages(definitions, [
    {
      name: 'a',
      version: '1',
      dependencies: {},
      examples: [],
      definitions: [
        {
          resourceType: 'StructureDefinition',
          url: PROFILE,
          name: 'P',
          status: 'draft',
          kind: 'resource',
          abstract: false,
          type: 'Observation',
          baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Observation',
          derivation: 'constraint',
          differential: { element: [{ id: 'Observation', path: 'Observation' }, ...element] },
        },
      ],
    },
  ]);
  return compileValidator(loaded.definitions);
}

const observation = { resourceType: 'Observation', status: 'final', code: { text: `${'a'.repeat(40)}!` } };
const ids = (issues: readonly { id: string }[]) => [...new Set(issues.map((item) => item.id))];

describe('hostile input', () => {
  test('resources that point to one another, each to meet a profile that asks the same of the next, come to an end', () => {
    const validator = withProfile({
      id: 'Observation.hasMember',
      path: 'Observation.hasMember',
      type: [{ code: 'Reference', targetProfile: [PROFILE] }],
    });
    const entry = Array.from({ length: 3_000 }, (_, at) => ({
      fullUrl: `urn:test:${at}`,
      resource: {
        ...observation,
        meta: { profile: [PROFILE] },
        hasMember: [{ reference: `urn:test:${at + 1}` }, { reference: `urn:test:${at}` }],
      },
    }));
    expect(ids(validator.validate({ resourceType: 'Bundle', type: 'collection', entry }))).toEqual([]);
  });

  test('contained resources that point to one another come to an end', () => {
    const validator = withProfile({
      id: 'Observation.hasMember',
      path: 'Observation.hasMember',
      type: [{ code: 'Reference', targetProfile: [PROFILE] }],
    });
    const contained = [1, 2].map((at) => ({ ...observation, id: `o${at}`, hasMember: [{ reference: `#o${3 - at}` }] }));
    expect(ids(validator.validate({ ...observation, contained, hasMember: [{ reference: '#o1' }] }, { profiles: [PROFILE] }))).toEqual([]);
  });

  test('a profile whose pattern runs away is not evaluated, and that is said', () => {
    const constraint = [{ key: 'p-1', severity: 'error' as const, human: 'x', expression: "text.matches('^(a+)+$')" }];
    const validator = withProfile({ id: 'Observation.code', path: 'Observation.code', constraint });
    expect(ids(validator.validate(observation, { profiles: [PROFILE] }))).toEqual(['invariant-not-checked']);
  });

  test.each([
    ["code.matches('(a+)+')", true],
    ["code.matches('(a|aa)*b')", true],
    ["code.matches('((a*)b?)*')", true],
    ["code.matches('(\\\\w+\\\\s?)*$')", true],
    ['code.matches(%resource.id)', true],
    ['descendants().where(descendants().where(descendants().exists()).exists())', true],
    ["'x'".repeat(2_000), true],
    ["code.matches('[a-z(+]+[)]*')", false],
    ["code.matches('^\\\\(a+\\\\)+$')", false],
    ["name.matches('[A-Z]([A-Za-z0-9_]){0,254}')", false],
    ['descendants().exists()', false],
  ])('whether %s is costly: %s', (expression, costly) => {
    expect(isCostly(expression)).toBe(costly);
  });

  test('a narrative of a million opening marks is refused', () => {
    const div = `<div xmlns="http://www.w3.org/1999/xhtml">${'<b>'.repeat(300_000)}</div>`;
    const text = { status: 'generated', div };
    expect(ids(compileValidator(definitions).validate({ resourceType: 'Patient', text }))).toEqual(['value-invalid']);
  });
});
