import { expect, test } from 'vitest';
import { checkPrimitive, isPrimitiveType } from '../../src/fhir/primitives.ts';
import { definitions } from '../definitions.ts';
import { generateResource } from './generate.ts';

type Json = Record<string, unknown>;

/** Every breach of structure in an object, as a path. */
function breaches(value: Json, parent: string, path: string): string[] {
  const found: string[] = [];
  if (Object.keys(value).length === 0) found.push(`${path}: empty`);
  for (const info of definitions.children(parent)) {
    if (info.min > 0 && !definitions.children(parent).some((one) => one.path === info.path && value[one.name] !== undefined))
      found.push(`${path}.${info.name}: missing`);
  }
  for (const [name, item] of Object.entries(value)) {
    if (name === 'resourceType' || name.startsWith('_')) continue;
    const info = definitions.child(parent, name);
    if (info === undefined) {
      found.push(`${path}.${name}: unknown`);
      continue;
    }
    if (Array.isArray(item) !== info.max > 1) found.push(`${path}.${name}: cardinality`);
    for (const one of Array.isArray(item) ? (item as unknown[]) : [item]) {
      if (isPrimitiveType(info.type)) {
        if (checkPrimitive(info.type, one) !== 'ok') found.push(`${path}.${name}: ${info.type} ${String(one)}`);
        const codes = info.binding?.strength === 'required' && info.type === 'code' ? definitions.codes(info.binding.valueSet) : undefined;
        if (codes !== undefined && !codes.has(undefined, String(one))) found.push(`${path}.${name}: code ${String(one)}`);
      } else {
        const type = info.type === 'Resource' ? String((one as Json).resourceType) : info.type;
        found.push(...breaches(one as Json, type, `${path}.${name}`));
      }
    }
  }
  return found;
}

test('a generated resource of any type has the structure of its type', () => {
  const found = [...definitions.resourceTypes].flatMap((type) =>
    [1, 2, 3, 4, 5, 6].flatMap((seed) => breaches(generateResource(definitions, type, seed) as Json, type, type)),
  );
  expect(found).toEqual([]);
});

test('the same seed makes the same resource', () => {
  expect(generateResource(definitions, 'Patient', 7)).toEqual(generateResource(definitions, 'Patient', 7));
  expect(generateResource(definitions, 'Patient', 7)).not.toEqual(generateResource(definitions, 'Patient', 8));
});

test('with nothing optional wanted only required elements are there', () => {
  expect(Object.keys(generateResource(definitions, 'Observation', 1, { fill: 0, extensions: 0 }))).toEqual([
    'resourceType',
    'status',
    'code',
  ]);
});
