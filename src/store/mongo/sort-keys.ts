import type { IndexValues } from '../../fhir/index-values.ts';

/** The least and the greatest value of each parameter: ascending order compares the first, descending the second. A date counts from its start. */
export type SortKeys = Record<string, { readonly a: string | number; readonly d: string | number }>;

/** What a resource is sorted by; undefined when it has no values. */
export function sortKeysOf(values: IndexValues): SortKeys | undefined {
  const keys = new Map<string, { a: string | number; d: string | number }>();
  const add = (parameter: string, value: string | number): void => {
    const field = sortField(parameter);
    const key = keys.get(field);
    if (key === undefined) keys.set(field, { a: value, d: value });
    else {
      if (value < key.a) key.a = value;
      if (value > key.d) key.d = value;
    }
  };
  for (const { parameter, code } of values.tokens) add(parameter, code);
  for (const { parameter, normalised } of values.strings) add(parameter, normalised);
  for (const { parameter, low } of values.dates) add(parameter, low);
  for (const { parameter, value } of values.numbers) add(parameter, value);
  for (const { parameter, value } of values.quantities) add(parameter, value);
  for (const { parameter, value } of values.uris) add(parameter, value);
  return keys.size === 0 ? undefined : Object.fromEntries(keys);
}

/** The name of a parameter as a field: no dot, no dollar sign, nothing an object inherits. Shape: _birthdate */
export function sortField(parameter: string): string {
  return `_${parameter.replace(/[%.$]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)}`;
}
