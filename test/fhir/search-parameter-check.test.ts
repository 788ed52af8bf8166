import type { SearchParameter } from 'fhir/r4.js';
import { describe, expect, test } from 'vitest';
import { checkSearchParameter } from '../../src/fhir/search-parameter-check.ts';
import { definitions } from '../definitions.ts';

function check(rest: Partial<SearchParameter>) {
  const parameter: SearchParameter = {
    resourceType: 'SearchParameter',
    url: 'http://example.org/SearchParameter/x',
    name: 'x',
    status: 'active',
    description: 'x',
    code: 'x',
    base: ['Patient'],
    type: 'string',
    expression: 'Patient.name.given',
    ...rest,
  };
  const result = checkSearchParameter(parameter, definitions);
  return result.ok ? 'ok' : result.issues[0]?.id;
}

describe('a search parameter', () => {
  test('can be used when its expression leads to what its type speaks of', () => {
    expect(check({})).toBe('ok');
    expect(check({ base: ['Resource'], type: 'date', expression: 'Resource.meta.lastUpdated' })).toBe('ok');
    expect(check({ expression: 'Patient.name.select(given.first() + family)' })).toBe('ok');
  });

  test.each<[string, Partial<SearchParameter>]>([
    ['of no resource type', { base: ['Person2' as 'Person'] }],
    ['without an expression', { expression: '' }],
    ['whose expression cannot be read', { expression: 'Patient.name.(' }],
    ['that leads nowhere', { expression: 'Patient.nickname' }],
    ['that leads to what its type does not speak of', { type: 'quantity', expression: 'Patient.name' }],
    ['that could run for ever', { expression: "Patient.name.where(family.matches('(a+)+$')).given" }],
    ['that would have to ask a server', { expression: 'Patient.generalPractitioner.resolve().name.given' }],
    ['with a name that is the standard’s', { code: '_mine' }],
  ])('%s is refused', (_, rest) => {
    expect(check(rest)).toBe('search-parameter-unusable');
  });
});
