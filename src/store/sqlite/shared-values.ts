/** Stands between the names of the parameters that share a key; no name holds it. */
export const BETWEEN = '\u001f';

/** From how many values on they are looked up and no longer compared one by one. */
const MANY = 48;

interface Shared<Value> {
  /** In their order, so that what shares them has one key however they come. */
  names: readonly string[];
  readonly value: Value;
}

/** Values, each once with the names of all parameters it is a value of: the index keeps a row for a value, not for a parameter. */
export class SharedValues<Value extends readonly unknown[]> {
  readonly #list: Shared<Value>[] = [];
  #places: Map<string, Shared<Value>> | undefined;

  add(name: string, value: Value): void {
    const found = this.#find(value);
    if (found !== undefined) {
      found.names = withName(found.names, name);
      return;
    }
    const shared = { names: [name], value };
    this.#list.push(shared);
    if (this.#places !== undefined) this.#places.set(JSON.stringify(value), shared);
    else if (this.#list.length === MANY) this.#places = new Map(this.#list.map((one) => [JSON.stringify(one.value), one]));
  }

  has(value: Value): boolean {
    return this.#find(value) !== undefined;
  }

  /** The values with their names, in the order they were added. */
  get all(): readonly Readonly<Shared<Value>>[] {
    return this.#list;
  }

  /** Flat: the names in one, then the value. */
  flat(): (string | Value[number])[] {
    const flat: (string | Value[number])[] = [];
    for (const { names, value } of this.#list) {
      flat.push(together(names));
      for (const part of value) flat.push(part);
    }
    return flat;
  }

  /** The names that stand at several values. */
  several(): string[] {
    if (this.#list.length < 2) return [];
    const several = new Set<string>();
    const once = new Set<string>();
    for (const { names } of this.#list) for (const name of names) (once.has(name) ? several : once).add(name);
    return [...several];
  }

  #find(value: Value): Shared<Value> | undefined {
    if (this.#places !== undefined) return this.#places.get(JSON.stringify(value));
    for (const one of this.#list) if (isSame(one.value, value)) return one;
    return undefined;
  }
}

function withName(names: readonly string[], name: string): readonly string[] {
  if (names.includes(name)) return names;
  const all = [...names, name];
  return (names.at(-1) as string) < name ? all : all.sort();
}

/** Names in one. */
export function together(names: readonly string[]): string {
  return names.length === 1 ? (names[0] as string) : names.join(BETWEEN);
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) {
    const [part, same] = [one[at], other[at]];
    if (part !== same && !(Array.isArray(part) && Array.isArray(same) && isSame(part, same))) return false;
  }
  return true;
}
