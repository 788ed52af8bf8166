import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { compileIndex } from '../../src/fhir/index-extraction.ts';
import { convertibleTypes } from '../../src/fhir/index-converters.ts';
import { IndexSink } from '../../src/fhir/index-sink.ts';
import type { IndexValues } from '../../src/fhir/index-values.ts';
import { type Branch, compileBranches } from '../../src/fhir/path-branches.ts';
import { engineBranches } from '../../src/fhir/path-engine.ts';
import { readPathExpression } from '../../src/fhir/path-expression.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { Bug } from '../../src/issue/issue-error.ts';
import { definitions } from '../definitions.ts';
import { generateResource } from './generate.ts';

const synthea = new URL('../../../shared/fhir/synthea/', import.meta.url);

/** The engine cannot follow a reference without a server, so for it the condition is asked of the reference's text. */
function withoutResolve(expression: string): string {
  return expression.replace(/where\(resolve\(\) is (\w+)\)/g, (_, type: string) => {
    const contained = `reference.substring(1) in %resource.contained.where($this is ${type}).id`;
    const named = `reference.matches('(^|/)${type}/[^/]+$')`;
    return `where(iif(reference.startsWith('#'), ${contained}, iif(reference.exists() and reference.startsWith('urn:').not(), ${named}, type = '${type}')))`;
  });
}

/** The values of every plain search parameter of a type, by our compiler and by the full engine. */
function bothWays(
  type: string,
): { code: string; ours: (resource: Resource) => IndexValues; engine: (resource: Resource) => IndexValues }[] {
  return definitions.searchParameters(type).flatMap((parameter) => {
    if (parameter.expression === undefined || parameter.type === 'composite' || parameter.type === 'special') return [];
    const path = readPathExpression(parameter.expression);
    if (path === undefined) throw new Bug(`beyond our reader: ${parameter.url}`);
    const types = [...convertibleTypes(parameter.type)];
    const full = engineBranches(withoutResolve(parameter.expression), type, types);
    if (full === undefined) throw new Bug(`beyond the engine: ${parameter.url}`);
    const run = (branches: readonly Branch[]) => {
      // The engine tells no bindings, so systems of bare codes are compared elsewhere
      const bare = branches.map(({ type: found, walk }) => ({ type: found, walk }));
      const index = compileIndex(parameter, bare, definitions, {});
      return (resource: Resource) => {
        const sink = new IndexSink('resource', resource);
        index(resource, sink);
        return sink.values();
      };
    };
    return [{ code: parameter.code, ours: run(compileBranches(path, type, type, definitions)), engine: run(full) }];
  });
}

function sorted(values: IndexValues): unknown {
  return Object.values(values).map((list: readonly unknown[]) => list.map((one) => JSON.stringify(one)).sort());
}

/** The parameters for which the two differ, with what they differ in. Empty: none. */
function differences(type: string, parameters: ReturnType<typeof bothWays>, resources: readonly Resource[]): unknown[] {
  return resources.flatMap((resource) =>
    parameters.flatMap(({ code, ours, engine }) => {
      const [one, other] = [sorted(ours(resource)), sorted(engine(resource))];
      return JSON.stringify(one) === JSON.stringify(other) ? [] : [{ type, code, ours: one, engine: other }];
    }),
  );
}

describe('our path compiler and fhirpath.js find the same values', () => {
  test('for every search parameter of R4, in generated resources', () => {
    let found = 0;
    const differing = [...definitions.resourceTypes].flatMap((type) => {
      const resources = [11, 12, 13, 14].map((seed) => generateResource(definitions, type, seed, { fill: 0.8, depth: 3 }));
      const parameters = bothWays(type);
      for (const { ours } of parameters) if (resources.some((one) => Object.values(ours(one)).some((list) => list.length > 0))) found++;
      return differences(type, parameters, resources);
    });
    expect(differing.slice(0, 5)).toEqual([]);
    expect(found).toBeGreaterThan(1400);
  });

  describe.skipIf(!existsSync(synthea))('in Synthea records (needs ../shared)', () => {
    test('for every parameter of every type in them', () => {
      const byType = new Map<string, Resource[]>();
      for (const name of readdirSync(synthea)
        .filter((file) => file.endsWith('.json.gz'))
        .slice(0, 4)) {
        const bundle = JSON.parse(gunzipSync(readFileSync(new URL(name, synthea))).toString()) as { entry: { resource: Resource }[] };
        for (const { resource } of bundle.entry)
          byType.set(resource.resourceType, [...(byType.get(resource.resourceType) ?? []), resource]);
      }
      const differing = [...byType].flatMap(([type, resources]) => differences(type, bothWays(type), resources.slice(0, 25)));
      expect(byType.size).toBeGreaterThan(10);
      expect(differing.slice(0, 5)).toEqual([]);
    });
  });
});
