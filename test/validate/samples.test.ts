import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { StructureDefinition } from 'fhir/r4.js';
import type { Resource } from '../../src/fhir/resource.ts';
import { readProfiles } from '../../src/start/profile-files.ts';
import { compileValidator } from '../../src/validate/compile-validator.ts';
import { definitions } from '../definitions.ts';

const root = resolve(import.meta.dirname, '../..');
const loaded = readProfiles(definitions, { PROFILES: '' });
const validator = compileValidator(loaded.definitions);
const own = loaded.packages[0]?.package.definitions as readonly StructureDefinition[];
const byType = new Map(own.map(({ type, url }) => [type, url]));

const bundles = globSync('samples/*.bundle.json', { cwd: root })
  .sort()
  .map((path): [string, Resource[]] => {
    const bundle = JSON.parse(readFileSync(join(root, path), 'utf8')) as { entry: { resource: Resource }[] };
    return [path, bundle.entry.map(({ resource }) => resource)];
  });

describe('what Chartbridge promises of the resources it makes', () => {
  test.each(bundles)('%s keeps', (_path, resources) => {
    const broken = resources.flatMap((resource) => {
      const profile = byType.get(resource.resourceType);
      return validator
        .validate(resource, { profiles: profile === undefined ? [] : [profile] })
        .filter(({ severity }) => severity === 'error')
        .map(({ id, expression, parameters }) => `${id} ${expression} ${parameters['rule'] ?? ''}`);
    });
    expect(broken).toEqual([]);
  });

  test('and the samples show each of the promises', () => {
    const shown = new Set(bundles.flatMap(([, resources]) => resources.map(({ resourceType }) => resourceType)));
    expect([...byType.keys()].filter((type) => !shown.has(type))).toEqual([]);
  });

  test('a bundle claims no profile that its resource misses', () => {
    const untrue = bundles.flatMap(([path, resources]) =>
      resources.flatMap((resource) =>
        (resource.meta?.profile ?? [])
          .filter((profile) => validator.meets(resource, profile) !== true)
          .map((profile) => `${path} ${profile}`),
      ),
    );
    expect(untrue).toEqual([]);
  });
});
