import type { Random } from '../fhir/random.ts';

type Json = Record<string, unknown>;

/** Every object inside a value, the value itself among them. */
function objectsIn(value: unknown): Json[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.values(value).flatMap(objectsIn);
  return Array.isArray(value) ? inside : [value as Json, ...inside];
}

const WRONG: readonly ((value: unknown) => unknown)[] = [
  () => 17.5,
  () => true,
  () => '',
  () => ' two  blanks ',
  () => null,
  () => ({}),
  () => [],
  (value) => [value],
  (value) => (Array.isArray(value) ? (value as unknown[])[0] : { value }),
  () => ({ surplus: 1 }),
];

/** A copy with one thing changed that may make it wrong: an element gone, new, or of another kind. */
export function mutate(resource: Json, random: Random): Json {
  const copy = structuredClone(resource);
  const object = random.pick(objectsIn(copy));
  const names = Object.keys(object).filter((name) => name !== 'resourceType');
  const name = names.length === 0 ? undefined : random.pick(names);
  if (name === undefined || random.chance(0.1)) object.surplus = 'x';
  else if (random.chance(0.4)) delete object[name];
  else object[name] = random.pick(WRONG)(object[name]);
  return copy;
}

/** A copy with some of its elements left out: still of the right shape, but not always meeting its rules. */
export function thin(resource: Json, random: Random): Json {
  const copy = structuredClone(resource);
  for (const object of objectsIn(copy)) {
    for (const name of Object.keys(object)) if (name !== 'resourceType' && random.chance(0.15)) delete object[name];
  }
  return copy;
}
