/** Stands between the names of the parameters that share a key; no name holds it. */
export const BETWEEN = '\u001f';

/** Values, each once with the names of all parameters it is a value of: the index keeps a row for a value, not for a parameter. */
export class SharedValues<Value extends readonly (string | number)[]> {
  readonly #found = new Map<string, { readonly names: string[]; readonly value: Value }>();

  add(name: string, ...value: Value): void {
    const place = placeOf(value);
    const found = this.#found.get(place);
    if (found === undefined) this.#found.set(place, { names: [name], value });
    else if (!found.names.includes(name)) found.names.push(name);
  }

  has(...value: Value): boolean {
    return this.#found.has(placeOf(value));
  }

  /** The values, in the order they were added. */
  *all(): Generator<Value> {
    for (const { value } of this.#found.values()) yield value;
  }

  /** Flat: the names in one, then the value. */
  flat(): (string | Value[number])[] {
    const list: (string | Value[number])[] = [];
    for (const { names, value } of this.#found.values()) list.push(together(names), ...value);
    return list;
  }

  /** The names that stand at several values. */
  several(): Set<string> {
    const once = new Set<string>();
    const several = new Set<string>();
    for (const { names } of this.#found.values()) for (const name of names) (once.has(name) ? several : once).add(name);
    return several;
  }
}

/** Names in one, the same whatever order they come in. */
export function together(names: readonly string[]): string {
  return names.length === 1 ? (names[0] as string) : names.toSorted().join(BETWEEN);
}

/** One text for a value, another for every other. */
function placeOf(value: readonly (string | number)[]): string {
  let place = '';
  for (const part of value) {
    const text = String(part);
    place += `${text.length}:${text}`;
  }
  return place;
}
