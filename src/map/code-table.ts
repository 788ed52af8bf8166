import type { Definitions } from '../fhir/definitions.ts';
import { type CodeSystemNames, shortSystem } from './local-names.ts';
import { type Faults, isTreeMap, type MappingSource, textOfTree, type Tree } from './mapping-source.ts';

/** What a v2 code is in FHIR. */
export interface TargetCode {
  readonly system: string | undefined;
  readonly code: string;
  readonly display?: string;
}

/** What becomes of a code that is not in a table. */
export type Otherwise = 'fail' | 'leave-out' | 'keep' | 'skip' | TargetCode;

/** A compiled code table. */
export interface CodeTable {
  readonly name: string;
  /** The number of the HL7 table it is from, where it is from one. Shape: 0001 */
  readonly v2Table?: string;
  /** The target of a code; null where the table says it has none. */
  find(code: string): TargetCode | null | undefined;
  readonly otherwise: Otherwise;
  readonly empty?: TargetCode;
  /** Whether the HL7 table it is from has a code, as far as R4 lists it. */
  inV2Table(code: string): boolean;
  /** It translates nothing: codes stay as they were sent. */
  readonly keepsAll: boolean;
  /** The codes it names, for pages and checks. */
  readonly listed: ReadonlyMap<string, TargetCode | null>;
  /** The system of a target without one. */
  readonly system: string | undefined;
  /** Why a code cannot be a target of this table; undefined when it can. */
  problemOf(target: TargetCode): string | undefined;
  readonly path: string;
}

/** What a target code is checked against. */
interface TargetSystem {
  /** The system of a code without one, where there is but one. */
  readonly system: string | undefined;
  has(system: string | undefined, code: string): boolean;
}

const WORDS = new Set(['fail', 'leave-out', 'keep', 'skip']);

/** Compiles a code table and checks each target. Fails: mapping-faulty, added to `faults` */
export function compileTable(source: MappingSource, definitions: Definitions, names: CodeSystemNames, faults: Faults): CodeTable {
  const data = isTreeMap(source.data) ? source.data : {};
  const to = textOfTree(data['to']);
  const target = to === undefined ? undefined : targetSystem(to, definitions);
  if (to !== undefined && target === undefined) faults.add(source, source.lineAt('to'), `${to} is not loaded: no target can be checked`);
  const read = (text: string, ...path: string[]) => {
    const code = readCode(text, target?.system, names, definitions);
    const problem = typeof code === 'string' ? code : problemOf(code, target, definitions);
    if (problem !== undefined) faults.add(source, source.lineAt(...path), problem);
    return typeof code === 'string' ? { system: undefined, code: text } : code;
  };
  const listed = new Map<string, TargetCode | null>();
  for (const [key, section] of [
    ['codes', data['codes']],
    ['but', data['but']],
  ] as const) {
    if (!isTreeMap(section)) continue;
    for (const [code, text] of Object.entries(section)) if (typeof text === 'string') listed.set(code, read(text, key, code));
  }
  for (const code of listOf(data['none'])) listed.set(code, null);
  const same = data['codes'] === 'same';
  if (same && target === undefined) faults.add(source, source.lineAt('codes'), '`same` needs `to`');
  const otherwise = textOfTree(data['otherwise']) ?? 'fail';
  const empty = textOfTree(data['empty']);
  const v2Table = /HL7 table (\d{4})/.exec(textOfTree(data['from']) ?? '')?.[1];
  const v2Codes = v2Table === undefined ? undefined : targetSystem(`http://terminology.hl7.org/CodeSystem/v2-${v2Table}`, definitions);
  return {
    name: textOfTree(data['table']) ?? '',
    ...(v2Table === undefined ? {} : { v2Table }),
    find: (code) => listed.get(code) ?? (listed.has(code) ? null : same ? sameCode(code, target) : undefined),
    otherwise: WORDS.has(otherwise) ? (otherwise as Otherwise) : read(otherwise, 'otherwise'),
    ...(empty === undefined ? {} : { empty: read(empty, 'empty') }),
    inV2Table: (code) => v2Codes?.has(undefined, code) === true,
    keepsAll: listed.size === 0 && !same && otherwise === 'keep',
    listed,
    system: target?.system,
    problemOf: (code) => problemOf(code, target, definitions),
    path: source.path,
  };
}

/** A table with codes added: those of a row's `also`, or of a sender file. */
export function withCodes(
  table: CodeTable,
  added: Tree | undefined,
  read: (text: string, code: string) => TargetCode | undefined,
): CodeTable {
  if (!isTreeMap(added)) return table;
  const listed = new Map(table.listed);
  for (const [code, text] of Object.entries(added)) {
    const target = typeof text === 'string' ? read(text, code) : undefined;
    if (target !== undefined) listed.set(code, target);
  }
  return { ...table, listed, keepsAll: false, find: (code) => (listed.has(code) ? listed.get(code) : table.find(code)) };
}

/** A code as mapping files write it: code, system|code or system|code|display; or what is wrong with it. */
export function readCode(text: string, system: string | undefined, names: CodeSystemNames, definitions: Definitions): TargetCode | string {
  const [first = '', second, display] = text.split('|');
  if (second === undefined) return { system, code: first };
  const named = shortSystem(first, names, definitions);
  if (named === undefined) return `${first} is no code system`;
  return { system: named, code: second, ...(display === undefined ? {} : { display }) };
}

function listOf(tree: Tree | undefined): string[] {
  return Array.isArray(tree) ? tree.filter((item): item is string => typeof item === 'string') : [];
}

function sameCode(code: string, target: TargetSystem | undefined): TargetCode | undefined {
  return target?.has(target.system, code) ? { system: target.system, code } : undefined;
}

function targetSystem(url: string, definitions: Definitions): TargetSystem | undefined {
  const codeSystem = definitions.codeSystem(url);
  if (codeSystem !== undefined) {
    const codes = new Set<string>();
    const add = (concepts: typeof codeSystem.concept): void => {
      for (const concept of concepts ?? []) {
        codes.add(concept.code);
        add(concept.concept);
      }
    };
    add(codeSystem.concept);
    const complete = codeSystem.content === 'complete';
    return { system: url, has: (_, code) => codes.has(code) || !complete };
  }
  const codes = definitions.codes(url);
  if (codes === undefined) return undefined;
  const systems = new Set((definitions.valueSet(url)?.compose?.include ?? []).map((include) => include.system));
  const [system] = systems;
  return { system: systems.size === 1 ? system : undefined, has: (named, code) => codes.has(named, code) };
}

function problemOf(target: TargetCode, within: TargetSystem | undefined, definitions: Definitions): string | undefined {
  const { system, code } = target;
  if (within !== undefined && (system === within.system || within.system === undefined)) {
    return within.has(system, code) ? undefined : `${code} is not a code of \`to\``;
  }
  const own = system === undefined ? undefined : targetSystem(system, definitions);
  return own === undefined || own.has(system, code) ? undefined : `${code} is not a code of ${system}`;
}
