import { issue, type Issue } from '../issue/issue.ts';

/** A mapping file after YAML and schema: every scalar a string. */
export interface MappingSource {
  /** Shape: mappings/segments/pid-to-patient.yaml */
  readonly path: string;
  readonly data: Tree;
  /** The line, from 1, of the value at a path; of the nearest one above it where there is none. Shape: lineAt('rules', 3) */
  lineAt(...path: readonly (string | number)[]): number;
}

/** What YAML holds under the failsafe schema. */
export type Tree = string | readonly Tree[] | TreeMap;

/** A YAML mapping; it has no prototype, so any key is harmless. */
export interface TreeMap {
  readonly [key: string]: Tree;
}

/** Whether a node of a mapping file is a mapping. */
export function isTreeMap(tree: Tree | undefined): tree is TreeMap {
  return typeof tree === 'object' && !Array.isArray(tree);
}

/** The text of a node; undefined when it is not there. */
export function textOfTree(tree: Tree | undefined): string | undefined {
  return typeof tree === 'string' ? tree : undefined;
}

/** The items of a list written with bars. Shape: 'NM|SN' -> ['NM', 'SN'] */
export function barred(text: string): string[] {
  return text
    .split('|')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/**
 * Collects what is wrong with the mapping files: all of it, not the first only; but of what is missing everywhere because one file is
 * wrong, only that file is told, and of what several rows lack for one reason, the first row.
 */
export class Faults {
  readonly issues: Issue[] = [];
  readonly #unreadable: Set<string>;
  readonly #told = new Set<string>();

  /** Faults of a part: the files that cannot be read are those of the whole. */
  constructor(whole?: Faults) {
    this.#unreadable = whole === undefined ? new Set() : whole.#unreadable;
  }

  /** Fails: mapping-faulty, always: that is what it records. */
  add(source: Pick<MappingSource, 'path'>, line: number, reason: string): void {
    const file = `${source.path}:${line}`;
    this.issues.push(issue('mapping-faulty', { file, reason, row: file }));
  }

  /** What a file that cannot be read would have been: a map or a table that others ask for. */
  addUnreadable(name: string): void {
    this.#unreadable.add(name);
  }

  /** Whether the file that would have been a map or a table is one that cannot be read. */
  isUnreadable(name: string): boolean {
    return this.#unreadable.has(name);
  }

  /** A thing that others ask for is not there: told once, and not at all where its file is what is wrong. Fails: mapping-faulty */
  addMissing(name: string, source: Pick<MappingSource, 'path'>, line: number, reason: string): void {
    if (this.#unreadable.has(name) || this.#told.has(name)) return;
    this.#told.add(name);
    this.add(source, line, reason);
  }
}
