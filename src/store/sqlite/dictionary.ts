import type { Statements } from './statements.ts';

/** Index kinds as bits of parameter.kinds: which tables hold values of it. */
export const KIND = { token: 1, reference: 2, uri: 4, string: 8, date: 16, number: 32, composite: 64 } as const;

/** The name of a kind. */
export type Kind = keyof typeof KIND;

const MOST_TOKENS = 100_000;
/** Joins the parts of a remembered name; no part holds it where it would matter, and a clash would only miss the memory. */
const GLUE = '\u0000';

interface Parameter {
  readonly key: number;
  kinds: number;
  many: boolean;
  span: number;
}

/**
 * The writer's small integers for types, parameters, systems, tokens and units, made when first met.
 * What a change has added is forgotten again when the change is rolled back.
 */
export class Dictionary {
  readonly #statements: Statements;
  readonly #types = new Map<string, number>();
  readonly #parameters = new Map<string, Parameter>();
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
    for (const known of [this.#types, this.#parameters, this.#systems, this.#tokens, this.#units]) known.clear();
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

  /** The key of a parameter of a type, with the kind noted, and for dates whether a resource has several and how long the longest is. */
  parameter(type: number, name: string, kind: Kind, many = false, span = 0): number {
    const found = this.#parameter(type, name);
    const kinds = found.kinds | KIND[kind];
    if (kinds !== found.kinds || (many && !found.many) || span > found.span) {
      const before = { ...found };
      found.kinds = kinds;
      found.many ||= many;
      found.span = Math.max(found.span, span);
      this.#statements.run(
        'UPDATE parameter SET kinds = ?, many = ?, span = ? WHERE key = ?',
        kinds,
        Number(found.many),
        found.span,
        found.key,
      );
      this.#added.push(() => Object.assign(found, before));
    }
    return found.key;
  }

  #parameter(type: number, name: string): Parameter {
    const place = type + GLUE + name;
    const known = this.#parameters.get(place);
    if (known !== undefined) return known;
    const row = this.#statements.get('SELECT key, kinds, many, span FROM parameter WHERE name = ? AND type = ?', name, type);
    const parameter: Parameter =
      row === undefined
        ? { key: this.#insert('INSERT INTO parameter (name, type) VALUES (?, ?)', [name, type]), kinds: 0, many: false, span: 0 }
        : { key: Number(row['key']), kinds: Number(row['kinds']), many: row['many'] === 1, span: Number(row['span']) };
    this.#parameters.set(place, parameter);
    this.#added.push(() => this.#parameters.delete(place));
    return parameter;
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
