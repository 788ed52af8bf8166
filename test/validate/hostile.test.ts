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
    ["code.matches('^a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaaaaaaaaaaaaaaa$')", true],
    ["code.matches('.*.*.*.*.*x')", true],
    ["code.matches('(a?){30}a{30}')", true],
    ["code.matches('(?=(a+))b')", true],
    ["text.replace('a', 'aa')", true],
    ["code.matches('[a-z(+]+[)]*')", false],
    ["code.matches('^\\\\(a+\\\\)+$')", false],
    ["name.matches('[A-Z]([A-Za-z0-9_]){0,254}')", false],
    ['descendants().exists()', false],
  ])('whether %s is costly: %s', (expression, costly) => {
    expect(isCostly(expression)).toBe(costly);
  });

  test.each([
    ['goes through everything for everything', 'contained.select(%resource.contained.select(%resource.contained.count())).count() > 0'],
    ['holds everything against everything', 'contained.all(%resource.contained.id.isDistinct())'],
    ['grows what it has', `text.${'select($this & $this).'.repeat(60)}exists()`],
    ['has a pattern that is slow on a long text', "text.matches('x.*y.*z')"],
  ])('an expression that %s is given up, and that is said', (_what, expression) => {
    const constraint = [{ key: 'p-1', severity: 'error' as const, human: 'x', expression }];
    const validator = withProfile({ id: 'Observation', path: 'Observation', constraint });
    const contained = Array.from({ length: 4_000 }, (_, at) => ({ resourceType: 'Basic', id: `b${at}`, code: { text: 'x' } }));
    const long = { ...observation, code: { text: 'x y '.repeat(20_000) }, contained };
    const nested = { id: 'Observation.code', path: 'Observation.code', constraint };
    const issues = [...validator.validate(long, { profiles: [PROFILE] }), ...withProfile(nested).validate(long, { profiles: [PROFILE] })];
    expect(ids(issues.filter(({ severity }) => severity === 'information'))).toEqual(['invariant-not-checked']);
  });

  test('of very many elements with rules of their own the first are held to them, and that is said', () => {
    const validator = compileValidator(definitions);
    const found = (bad: number) => {
      const item = Array.from({ length: 20_000 }, (_, at) => ({
        linkId: `i${at}`,
        type: at === bad ? 'display' : 'string',
        readOnly: true,
      }));
      return validator.validate({ resourceType: 'Questionnaire', status: 'draft', item });
    };
    expect(found(5).flatMap(({ id, expression }) => (id === 'invariant-not-met' ? [expression] : []))).toEqual(['Questionnaire.item[5]']);
    expect(ids(found(-1))).toEqual(['invariant-not-checked', 'issues-omitted']);
  });

  test('a resource nested 10,000 deep is refused', () => {
    const validator = compileValidator(definitions);
    let item: object = { linkId: 'a', type: 'group' };
    for (let depth = 0; depth < 10_000; depth++) item = { linkId: 'a', type: 'group', item: [item] };
    const deep = { resourceType: 'Questionnaire', status: 'draft', item: [item] };
    expect(ids(validator.validate(deep))).toContain('too-costly');
    let extension: object = { url: 'urn:x', valueString: 'x' };
    for (let depth = 0; depth < 10_000; depth++) extension = { url: 'urn:x', extension: [extension] };
    expect(ids(validator.validate({ resourceType: 'Patient', extension: [extension] }))).toContain('too-costly');
    let contained: object = { resourceType: 'Patient' };
    for (let depth = 0; depth < 10_000; depth++) contained = { resourceType: 'Patient', contained: [contained] };
    expect(ids(validator.validate(contained))).toContain('too-costly');
  });

  test('an object that holds itself comes to an end', () => {
    const item: Record<string, unknown> = { linkId: 'a', type: 'group' };
    item['item'] = [item];
    expect(ids(compileValidator(definitions).validate({ resourceType: 'Questionnaire', status: 'draft', item: [item] }))).toContain(
      'too-costly',
    );
  });

  test('a narrative of a million opening marks is refused', () => {
    const div = `<div xmlns="http://www.w3.org/1999/xhtml">${'<b>'.repeat(300_000)}</div>`;
    const text = { status: 'generated', div };
    expect(ids(compileValidator(definitions).validate({ resourceType: 'Patient', text }))).toEqual(['value-invalid']);
  });
});
