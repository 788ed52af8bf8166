import type { IndexValues } from '../../fhir/index-values.ts';

/** The least and the greatest value of each parameter: ascending order compares the first, descending the second. */
export type SortKeys = Record<string, { readonly a: string | number; readonly d: string | number }>;

/** What a resource is sorted by; undefined when it has no values. */
export function sortKeysOf(values: IndexValues): SortKeys | undefined {
  const keys = new Map<string, { a: string | number; d: string | number }>();
  const add = (parameter: string, least: string | number, greatest: string | number) => {
    const field = sortField(parameter);
    const key = keys.get(field);
    if (key === undefined) keys.set(field, { a: least, d: greatest });
    else {
      if (least < key.a) key.a = least;
      if (greatest > key.d) key.d = greatest;
    }
  };
  for (const { parameter, code } of values.tokens) add(parameter, code, code);
  for (const { parameter, normalised } of values.strings) add(parameter, normalised, normalised);
  for (const { parameter, low, high } of values.dates) add(parameter, low, high);
  for (const { parameter, value } of values.numbers) add(parameter, value, value);
  for (const { parameter, value } of values.quantities) add(parameter, value, value);
  for (const { parameter, value } of values.uris) add(parameter, value, value);
  for (const { parameter, type, id, url } of values.references) {
    const target = id === undefined ? url : `${type ?? ''}/${id}`;
    if (target !== undefined) add(parameter, target, target);
  }
  return keys.size === 0 ? undefined : Object.fromEntries(keys);
}

/** The name of a parameter as a field: no dot, no dollar sign, nothing an object inherits. Shape: _birthdate */
export function sortField(parameter: string): string {
  return `_${parameter.replace(/[%.$]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)}`;
}
