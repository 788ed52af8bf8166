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

/** Collects what is wrong with the mapping files: all of it, not the first only. */
export class Faults {
  readonly issues: Issue[] = [];

  /** Fails: mapping-faulty, always: that is what it records. */
  add(source: Pick<MappingSource, 'path'>, line: number, reason: string): void {
    const file = `${source.path}:${line}`;
    this.issues.push(issue('mapping-faulty', { file, reason, row: file }));
  }
}
