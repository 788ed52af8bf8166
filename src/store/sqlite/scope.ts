import type { Compartments } from './compartments.ts';
import type { Sql } from './sql.ts';
import type { Statements } from './statements.ts';

/** What values of a parameter of one type are found under: by it alone, or by all the parameters that share them. */
export interface Key {
  readonly key: number;
  readonly type: number;
  /** Bits of KIND. */
  readonly kinds: number;
  /** Whether some resource has several dates, or several elements with one token, by a parameter of it. */
  readonly many: boolean;
  /** The longest span of a date by it. Units: ms */
  readonly span: number;
}

/** Below so many rows what an index gives is walked whole and sorted. */
const SMALL = 2_000;

/**
 * Where a filter is compiled: the connection, and the types its parameters are of. Names are looked up when they are met, in the same
 * snapshot the search runs in.
 */
export class Scope {
  readonly statements: Statements;
  readonly compartments: Compartments;
  /** Empty: every type. */
  readonly types: readonly number[];
  readonly typeNames: readonly string[];

  /** The name of a table of this scope that no enclosing scope uses. */
  readonly alias: Sql;
  /** See SMALL. */
  readonly small: number;
  readonly #depth: number;

  constructor(statements: Statements, compartments: Compartments, typeNames: readonly string[], small = SMALL, depth = 0) {
    this.small = small;
    this.#depth = depth;
    this.alias = { text: `r${depth}`, values: [] };
    this.statements = statements;
    this.compartments = compartments;
    this.typeNames = typeNames;
    this.types = typeNames.map((name) => this.type(name));
  }

  /** The same, for other types: the resources a chain leads to. */
  of(typeNames: readonly string[]): Scope {
    return new Scope(this.statements, this.compartments, typeNames, this.small, this.#depth + 1);
  }

  /** The types of the scope by name; every type there is where none was named. */
  everyTypeName(): readonly string[] {
    return this.typeNames.length > 0 ? this.typeNames : typeNamesOf(this.statements);
  }

  /** The number of a type; -1, which nothing has, for one never met. */
  type(name: string): number {
    return Number(this.statements.get('SELECT type FROM type WHERE name = ?', name)?.['type'] ?? -1);
  }

  /** The number of a system; -1, which nothing has, for one never met. */
  system(uri: string): number {
    return Number(this.statements.get('SELECT system FROM system WHERE uri = ?', uri)?.['system'] ?? -1);
  }

  /** The keys of a parameter for the types of the scope. */
  keys(name: string): Key[] {
    return this.statements
      .all('SELECT k.key, k.type, k.kinds, k.many, k.span FROM parameter p CROSS JOIN value_key k ON k.key = p.key WHERE p.name = ?', name)
      .map((row) => ({
        key: Number(row['key']),
        type: Number(row['type']),
        kinds: Number(row['kinds']),
        many: row['many'] === 1,
        span: Number(row['span']),
      }))
      .filter((key) => this.types.length === 0 || this.types.includes(key.type));
  }

  /** The rows that stand for a resource, or for an id of any type. */
  nodes(type: string | undefined, id: string): number[] {
    const rows =
      type === undefined
        ? this.statements.all('SELECT row FROM node WHERE id = ?', id)
        : this.statements.all('SELECT row FROM node WHERE id = ? AND type = ?', id, this.type(type));
    return rows.map((row) => Number(row['row']));
  }
}

/** The names of all types the database knows. */
export function typeNamesOf(statements: Statements): string[] {
  return statements.all('SELECT name FROM type').map((row) => row['name'] as string);
}
