import { describe, expect, test } from 'vitest';
import type { Issue } from '../../src/issue/issue.ts';
import { compileValidator } from '../../src/validate/compile-validator.ts';
import { loadPackages } from '../../src/validate/package/load-packages.ts';
import { definitions } from '../definitions.ts';
import { bundleCases } from './cases/bundles.ts';
import { extensionCases, extensionDefinitions } from './cases/extensions.ts';
import { invariantCases } from './cases/invariants.ts';
import { narrativeCases } from './cases/narrative.ts';
import { primitiveCases } from './cases/primitives.ts';
import { profileCases } from './cases/profiles.ts';
import { referenceCases } from './cases/references.ts';
import type { RuleCase } from './cases/rule-case.ts';
import { slicingCases } from './cases/slicing.ts';
import { structureCases } from './cases/structure.ts';
import { terminologyCases } from './cases/terminology.ts';

const PROFILE = 'urn:test:profile';
const plain = compileValidator(definitions);
const extended = compileValidator(loadPackages(definitions, [packageOf(extensionDefinitions)]).definitions);

function packageOf(resources: typeof extensionDefinitions) {
  return { name: 'test', version: '1', dependencies: {}, definitions: resources, examples: [] };
}

function validate(one: RuleCase, resource: RuleCase['right']): Issue[] {
  if (one.profile === undefined) return (extensionCases.includes(one) ? extended : plain).validate(resource);
  const type = String(resource.resourceType);
  const loaded = loadPackages(definitions, [
    packageOf([
      ...extensionDefinitions,
      {
        resourceType: 'StructureDefinition',
        url: PROFILE,
        name: 'Test',
        status: 'draft',
        kind: 'resource',
        abstract: false,
        type,
        baseDefinition: `http://hl7.org/fhir/StructureDefinition/${type}`,
        derivation: 'constraint',
        differential: { element: [...one.profile] },
      },
    ]),
  ]);
  expect(loaded.issues).toEqual([]);
  return compileValidator(loaded.definitions).validate(resource, { profiles: [PROFILE] });
}

function told(issues: readonly Issue[]): string[] {
  return issues
    .filter((item) => item.severity !== 'information')
    .map((item) => [item.id, item.expression, item.parameters.key].filter(Boolean).join(' '));
}

const suites: readonly [string, readonly RuleCase[]][] = [
  ['structure', structureCases],
  ['primitives', primitiveCases],
  ['narrative', narrativeCases],
  ['terminology', terminologyCases],
  ['references', referenceCases],
  ['invariants', invariantCases],
  ['extensions', extensionCases],
  ['bundles', bundleCases],
  ['profiles', profileCases],
  ['slicing', slicingCases],
];

describe.each(suites)('%s', (_, cases) => {
  test.each(cases.map((one) => [one.rule, one] as const))('%s', (_rule, one) => {
    expect(told(validate(one, one.right))).toEqual([]);
    const wanted = [[one.id, one.at, one.key].filter(Boolean).join(' '), ...(one.also ?? [])];
    expect(told(validate(one, one.wrong)).sort()).toEqual(wanted.sort());
  });
});
