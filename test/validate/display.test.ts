import { expect, test } from 'vitest';
import type { CodeSystem } from 'fhir/r4.js';
import { compileValidator } from '../../src/validate/compile-validator.ts';
import { loadPackages } from '../../src/validate/package/load-packages.ts';
import { definitions } from '../definitions.ts';

const system = 'urn:test:colours';
const colours: CodeSystem = {
  resourceType: 'CodeSystem',
  url: system,
  status: 'active',
  content: 'complete',
  concept: [
    {
      code: 'r',
      display: 'red',
      designation: [
        { language: 'de', value: 'rot' },
        { language: 'fr', value: 'rouge' },
      ],
    },
  ],
};
const validator = compileValidator(
  loadPackages(definitions, [{ name: 'a', version: '1', dependencies: {}, examples: [], definitions: [colours] }]).definitions,
);

test.each([
  [undefined, 'Red', undefined],
  [undefined, 'rot', undefined],
  [undefined, 'green', 'red'],
  ['en-US', 'green', 'red'],
  ['de-CH', 'rot', undefined],
  ['de-CH', 'red', undefined],
  ['de-CH', 'grün', 'rot'],
  ['it', 'verde', undefined],
])('in a resource in %s, %s for red: what was meant is %s', (language, display, stated) => {
  const resource = {
    resourceType: 'Basic',
    ...(language === undefined ? {} : { language }),
    code: { coding: [{ system, code: 'r', display }] },
  };
  const told = validator.validate(resource).filter(({ id }) => id === 'display-differs');
  expect(told.map(({ parameters }) => parameters['stated'])).toEqual(stated === undefined ? [] : [stated]);
});
