/*
 * The index takes resources as they come: in the mode `off` nothing has checked them. So a converter reads through these, which give what is
 * of the right JSON type and pass over what is not.
 */

/** A property of what may be an object. */
export function partOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** A property that is a string with something in it. */
export function textOf(value: unknown, name: string): string | undefined {
  const text = partOf(value, name);
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/** The values of an element that repeats; none where the element is missing or is no list. */
export function listOf(value: unknown, name: string): readonly unknown[] {
  const list = partOf(value, name);
  return Array.isArray(list) ? list : NONE;
}

const NONE: readonly unknown[] = [];
