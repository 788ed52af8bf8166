import type { Instance, Rules } from './rules.ts';

type Value = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Value {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function instancesUnder(value: unknown, sibling: unknown, type: string | undefined): Instance[] {
  if (value === undefined && sibling === undefined) return [];
  if (!Array.isArray(value) && !Array.isArray(sibling)) {
    return [{ value, sibling: isObject(sibling) ? sibling : undefined, index: -1, type }];
  }
  const values: readonly unknown[] = Array.isArray(value) ? value : [];
  const siblings: readonly unknown[] = Array.isArray(sibling) ? sibling : [];
  const instances: Instance[] = [];
  for (let index = 0; index < Math.max(values.length, siblings.length); index++) {
    const beside = siblings[index];
    instances.push({ value: values[index] ?? undefined, sibling: isObject(beside) ? beside : undefined, index, type });
  }
  return instances;
}

/** The values of an element in the object that holds it. */
export function instancesOf(parent: Value, rules: Pick<Rules, 'label' | 'choices'>): Instance[] {
  const { label, choices } = rules;
  if (choices === undefined) return instancesUnder(parent[label], parent[`_${label}`], undefined);
  for (const key in parent) {
    const name = key.startsWith('_') ? key.slice(1) : key;
    if (!name.startsWith(label)) continue;
    const type = choices.get(name.slice(label.length));
    if (type !== undefined) return instancesUnder(parent[name], parent[`_${name}`], type);
  }
  return [];
}

/** The object whose children an instance has: itself, or what stands beside a primitive. */
export function objectOf(instance: Instance): Value {
  return isObject(instance.value) ? instance.value : (instance.sibling ?? {});
}

/** The values under a name of an object whose definition is not at hand: a choice is found by the type at the end of its name. */
export function instancesNamed(parent: Value, name: string): Instance[] {
  const plain = instancesUnder(parent[name], parent[`_${name}`], undefined);
  if (plain.length > 0) return plain;
  for (const key in parent) {
    const next = key.charCodeAt(name.length);
    if (key.startsWith(name) && next >= 65 && next <= 90) return instancesUnder(parent[key], parent[`_${key}`], key.slice(name.length));
  }
  return [];
}
