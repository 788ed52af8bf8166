import { BETWEEN } from './shared-values.ts';
import type { Statements } from './statements.ts';

/** Index kinds as bits of value_key.kinds: which tables hold values of it. A first schema knew a 4. */
export const KIND = { token: 1, reference: 2, string: 8, date: 16, number: 32, composite: 64 } as const;

/** The name of a kind. */
export type Kind = keyof typeof KIND;

const MOST_TOKENS = 100_000;
/** Joins the parts of a remembered name; no part holds it where it would matter, and a clash would only miss the memory. */
const GLUE = '\u0000';

/** A parameter's values are found under so many keys, and no set of names that would be one more is made a key. */
const MOST_KEYS = 24;

interface ValueKey {
  readonly key: number;
  kinds: number;
  many: boolean;
  span: number;
}

/**
 * The writer's small integers for types, the parameters that share a value, systems, tokens and units, made when first met.
 * What a change has added is forgotten again when the change is rolled back.
 */
export class Dictionary {
  readonly #statements: Statements;
  readonly #types = new Map<string, number>();
  readonly #keys = new Map<number, Map<string, readonly ValueKey[]>>();
  readonly #systems = new Map<string, number>();
  readonly #tokens = new Map<string, number>();
  readonly #units = new Map<string, number>();
  #added: (() => void)[] = [];

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** The change is kept: what it added stays known. */
  keep(): void {
    this.#added = [];
  }

  /** The change was rolled back. */
  forget(): void {
    for (const undo of this.#added) undo();
    this.#added = [];
  }

  /** The whole transaction was rolled back: nothing is remembered but what the database holds. */
  clear(): void {
    for (const known of [this.#types, this.#keys, this.#systems, this.#tokens, this.#units]) known.clear();
    this.#added = [];
  }

  type(name: string): number {
    return this.#intern(this.#types, name, 'SELECT type AS n FROM type WHERE name = ?', 'INSERT INTO type (name) VALUES (?)', [name]);
  }

  system(uri: string): number {
    return this.#intern(this.#systems, uri, 'SELECT system AS n FROM system WHERE uri = ?', 'INSERT INTO system (uri) VALUES (?)', [uri]);
  }

  token(system: string, code: string): number {
    const number = this.system(system);
    if (this.#tokens.size >= MOST_TOKENS) this.#tokens.clear();
    return this.#intern(
      this.#tokens,
      number + GLUE + code,
      'SELECT token AS n FROM token WHERE code = ? AND system = ?',
      'INSERT INTO token (code, system) VALUES (?, ?)',
      [code, number],
    );
  }

  unit(system: string, code: string, display: string): number {
    if (system === '' && code === '' && display === '') return 0;
    return this.#intern(
      this.#units,
      [system, code, display].join(GLUE),
      'SELECT unit AS n FROM unit WHERE code = ? AND system = ? AND display = ?',
      'INSERT INTO unit (code, system, display) VALUES (?, ?, ?)',
      [code, system, display],
    );
  }

  /**
   * The key of the parameters of a type that share a value (see SharedValues), with what is noted of it: the kind, whether a resource has several
   * such values by one of them, and for dates how long the longest is. Where parameters have shared values in too many ways, a key for each.
   */
  keys(type: number, names: string, kind: Kind, many = false, span = 0): readonly { readonly key: number }[] {
    const found = this.#keysOf(type, names);
    for (const key of found) this.#note(key, key.kinds | KIND[kind], many, span);
    return found;
  }

  #note(found: ValueKey, kinds: number, many: boolean, span: number): void {
    if (kinds === found.kinds && (!many || found.many) && span <= found.span) return;
    const before = { ...found };
    Object.assign(found, { kinds, many: many || found.many, span: Math.max(found.span, span) });
    this.#statements.run(
      'UPDATE value_key SET kinds = ?, many = ?, span = ? WHERE key = ?',
      kinds,
      Number(found.many),
      found.span,
      found.key,
    );
    this.#added.push(() => Object.assign(found, before));
  }

  #keysOf(type: number, names: string): readonly ValueKey[] {
    let ofType = this.#keys.get(type);
    if (ofType === undefined) this.#keys.set(type, (ofType = new Map()));
    const known = ofType.get(names);
    if (known !== undefined) return known;
    const row = this.#statements.get('SELECT key, kinds, many, span FROM value_key WHERE names = ? AND type = ?', names, type);
    const each = names.split(BETWEEN);
    const found =
      row !== undefined
        ? [{ key: Number(row['key']), kinds: Number(row['kinds']), many: row['many'] === 1, span: Number(row['span']) }]
        : each.length > 1 && each.some((name) => this.#keyCount(type, name) >= MOST_KEYS)
          ? each.flatMap((name) => this.#keysOf(type, name))
          : [this.#newKey(type, names, each)];
    ofType.set(names, found);
    this.#added.push(() => this.#keys.get(type)?.delete(names));
    return found;
  }

  #newKey(type: number, names: string, each: readonly string[]): ValueKey {
    const key = this.#insert('INSERT INTO value_key (names, type) VALUES (?, ?)', [names, type]);
    for (const name of each) this.#statements.run('INSERT INTO parameter (name, type, key) VALUES (?, ?, ?)', name, type, key);
    return { key, kinds: 0, many: false, span: 0 };
  }

  #keyCount(type: number, name: string): number {
    return Number(this.#statements.get('SELECT count(*) AS n FROM parameter WHERE name = ? AND type = ?', name, type)?.['n']);
  }

  #intern(known: Map<string, number>, name: string, select: string, insert: string, values: (string | number)[]): number {
    let number = known.get(name);
    if (number !== undefined) return number;
    const row = this.#statements.get(select, ...values);
    number = row === undefined ? this.#insert(insert, values) : Number(row['n']);
    known.set(name, number);
    this.#added.push(() => known.delete(name));
    return number;
  }

  #insert(sql: string, values: (string | number)[]): number {
    return Number(this.#statements.prepare(sql).run(...values).lastInsertRowid);
  }
}
