import type { CodeGrammar } from './code-grammar.ts';
import type { Code, CodeSet } from './definitions.ts';

/** A set of codes by system, some listed, some by the form they have. */
export class CodeTable implements CodeSet {
  readonly #systems = new Map<string, Map<string, string | undefined>>();
  readonly #grammars = new Map<string, CodeGrammar>();
  readonly #anySystem = new Map<string, string | undefined>();

  /** The codes that are in every one of the tables; of none, none. */
  static intersection(tables: readonly CodeTable[]): CodeTable {
    const [first, ...rest] = tables;
    if (first === undefined) return new CodeTable();
    if (rest.length === 0) return first;
    const out = new CodeTable();
    for (const table of tables) {
      for (const { system, code, display } of table.list())
        if (tables.every((one) => one.has(system, code))) out.add(system, code, display);
    }
    for (const [system, grammar] of first.#grammars) if (rest.every((one) => one.#grammars.has(system))) out.allow(system, grammar);
    return out;
  }

  add(system: string, code: string, display: string | undefined): void {
    const codes = this.#systems.get(system) ?? new Map<string, string | undefined>();
    this.#systems.set(system, codes);
    codes.set(code, codes.get(code) ?? display);
    this.#anySystem.set(code, this.#anySystem.get(code) ?? display);
  }

  /** Every code of a system that has this form. */
  allow(system: string, grammar: CodeGrammar): void {
    this.#grammars.set(system, grammar);
  }

  addAll(other: CodeTable): void {
    for (const { system, code, display } of other.list()) this.add(system, code, display);
    for (const [system, grammar] of other.#grammars) this.allow(system, grammar);
  }

  removeAll(other: CodeTable): void {
    for (const { system, code } of other.list()) this.#systems.get(system)?.delete(code);
    for (const system of other.#grammars.keys()) this.#grammars.delete(system);
    this.#anySystem.clear();
    for (const { code, display } of this.list()) this.#anySystem.set(code, this.#anySystem.get(code) ?? display);
  }

  has(system: string | undefined, code: string): boolean {
    if (system === undefined) return this.#anySystem.has(code) || [...this.#grammars.values()].some((belongs) => belongs(code));
    return this.#systems.get(system)?.has(code) === true || this.#grammars.get(system)?.(code) === true;
  }

  display(system: string | undefined, code: string): string | undefined {
    return system === undefined ? this.#anySystem.get(code) : this.#systems.get(system)?.get(code);
  }

  get size(): number {
    if (this.#grammars.size > 0) return Number.POSITIVE_INFINITY;
    let size = 0;
    for (const codes of this.#systems.values()) size += codes.size;
    return size;
  }

  *list(): Iterable<Code> {
    for (const [system, codes] of this.#systems) {
      for (const [code, display] of codes) yield display === undefined ? { system, code } : { system, code, display };
    }
  }
}
