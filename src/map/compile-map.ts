import { componentsOf, fieldCountOf } from '../hl7v2/fields.ts';
import { isPrimitiveType } from '../fhir/primitives.ts';
import { compileIdentity } from './compile-identity.ts';
import { compileRow, type WrittenRow, writtenRows } from './compile-row.ts';
import type { RowScope } from './row-scope.ts';
import type { CompiledMap, Need } from './compiled-map.ts';
import { resolvePath } from './element-path.ts';
import type { Library } from './library.ts';
import { barred, isTreeMap, type MappingSource, textOfTree, type Tree, type TreeMap } from './mapping-source.ts';
import { parsePlace } from './place.ts';
import type { Row } from './row.ts';
import { RowPlans } from './row-plans.ts';
import { Numbering } from './numbering.ts';

/** What the name of a map says. Shape: 'XCN to Practitioner (author)' */
export interface MapName {
  readonly owner: string;
  readonly fhirType: string;
}

/** Takes the name of a map apart; undefined when it is none. */
export function readMapName(name: string): MapName | undefined {
  const match = /^([A-Z][A-Z0-9]{1,2}) to ([A-Za-z][A-Za-z0-9]*)(?: \([^()]+\))?$/.exec(name);
  return match === null ? undefined : { owner: match[1] ?? '', fhirType: match[2] ?? '' };
}

/**
 * Compiles a segment or a data type map. `changes` are the rows of a sender file: one with the address and the target of a row replaces it.
 *
 * Fails: mapping-faulty, added to the library's faults
 */
export function compileMap(source: MappingSource, library: Library, changes: readonly ChangedRow[] = []): CompiledMap | undefined {
  const data = isTreeMap(source.data) ? source.data : {};
  const name = textOfTree(data['map']) ?? '';
  const read = readMapName(name);
  const fault = (reason: string, ...path: (string | number)[]): undefined =>
    library.faults.add(source, source.lineAt(...path), reason) as undefined;
  if (read === undefined) return fault(`"${name}" is not the name of a map: SEGMENT to Resource, or TYPE to Type`, 'map');
  const { owner, fhirType } = read;
  const { definitions } = library;
  const isResource = definitions.resourceTypes.has(fhirType);
  const dataType = isDataType(source);
  if (!isResource && definitions.structure(fhirType) === undefined && !isPrimitiveType(fhirType)) {
    return fault(`${fhirType} is no type of FHIR`, 'map');
  }
  const scope: RowScope = { library, source, name, owner, dataType, fhirType, fields: ownFields(data), slots: new Numbering() };
  const written = writtenRows(source, 'rules');
  const rows = written.flatMap((row) => compileRow(row, scope) ?? []);
  const all = changed(rows, changes, scope);
  const map: CompiledMap = {
    name,
    owner,
    dataType,
    fhirType,
    isResource,
    rows: all,
    plans: new RowPlans(all, owner, dataType),
    identity: compileIdentity(scope),
    needs: compileNeeds(data['needs'], scope),
    profile: textOfTree(data['profile']),
    notMapped: reasonsOf(data['not-mapped']),
    read: [...reasonsOf(data['read']).keys()].map((address) => parsePlace(address)?.field ?? 0),
    follows: textOfTree(data['follows']),
    path: source.path,
    slots: scope.slots,
    alsoFor: barred(textOfTree(data['also-for']) ?? ''),
  };
  if (map.profile !== undefined && definitions.structure(map.profile) === undefined) {
    fault(`the profile ${map.profile} is not loaded`, 'profile');
  }
  checkComplete(map, written, scope);
  return map;
}

/** A row of a sender file, with the file it stands in. */
export interface ChangedRow {
  readonly source: MappingSource;
  readonly row: WrittenRow;
}

function isDataType(source: MappingSource): boolean {
  return source.path.includes('datatypes/');
}

function changed(rows: readonly Row[], changes: readonly ChangedRow[], scope: RowScope): readonly Row[] {
  const all = [...rows];
  for (const { source, row } of changes) {
    const compiled = compileRow(row, { ...scope, source });
    if (compiled === undefined) continue;
    const same = all.findIndex((other) => other.place?.text === compiled.place?.text && other.target?.text === compiled.target?.text);
    if (same === -1) all.push(compiled);
    else all[same] = compiled;
  }
  return all;
}

function ownFields(data: TreeMap): ReadonlyMap<number, string> {
  const fields = data['fields'];
  if (!isTreeMap(fields)) return new Map();
  return new Map(Object.entries(fields).map(([number, type]) => [Number(number), textOfTree(type) ?? '']));
}

function compileNeeds(tree: Tree | undefined, scope: RowScope): ReadonlyMap<string, Need> {
  const needs = new Map<string, Need>();
  if (!isTreeMap(tree)) return needs;
  for (const [path, said] of Object.entries(tree)) {
    const need = readNeed(said, scope.source.lineAt('needs', path));
    const resolved = resolvePath(scope.library.definitions, scope.fhirType, path);
    const problem = typeof resolved === 'string' ? resolved : resolved.last.type === 'Reference' ? undefined : `${path} is no Reference`;
    if (problem !== undefined) scope.library.faults.add(scope.source, need.line, problem);
    else needs.set(path, need);
  }
  return needs;
}

/** A need as it is written. Shape: patient, or { name: patient, required: true } */
export function readNeed(said: Tree, line: number): Need {
  if (!isTreeMap(said)) return { name: textOfTree(said) ?? '', required: false, line };
  return { name: textOfTree(said['name']) ?? '', required: said['required'] === 'true', line };
}

/** Reasons by address; an entry may name several. Shape: - PID-41 PID-42: reason */
export function reasonsOf(tree: Tree | undefined): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  for (const item of Array.isArray(tree) ? (tree as readonly Tree[]) : []) {
    for (const [addresses, said] of isTreeMap(item) ? Object.entries(item) : ([[textOfTree(item) ?? '', '']] as [string, Tree][])) {
      const why = isTreeMap(said)
        ? ['why', 'see', 'decision'].flatMap((word) => textOfTree(said[word]) ?? []).join('; ')
        : textOfTree(said);
      for (const address of addresses.split(/[\s,]+/)) reasons.set(address, why ?? '');
    }
  }
  return reasons;
}

/** Every field of the segment, or component of the type, is in a rule or has a reason. */
function checkComplete(map: CompiledMap, written: readonly WrittenRow[], scope: RowScope): void {
  const { source, library } = scope;
  const spoken = new Set<number>(map.read);
  const whole = written.some((row) => row.address === map.owner);
  for (const address of [...written.flatMap(addressesOf), ...map.notMapped.keys()]) {
    const place = parsePlace(address);
    if (place?.owner === map.owner) spoken.add(map.dataType ? place.component : place.field);
  }
  for (const address of map.notMapped.keys()) {
    if (parsePlace(address)?.owner !== map.owner)
      library.faults.add(source, source.lineAt('not-mapped'), `${address} is no place of ${map.owner}`);
  }
  const count = map.dataType ? componentsOf(map.owner).length : fieldCountOf(map.owner);
  const missing = Array.from({ length: count }, (_, index) => index + 1).filter((number) => !spoken.has(number));
  if (missing.length === 0 || (map.dataType && whole)) return;
  const names = missing.map((number) => `${map.owner}${map.dataType ? '.' : '-'}${number}`);
  library.faults.add(source, source.lineAt('map'), `neither in a rule nor in not-mapped: ${names.join(', ')}`);
}

/** A row speaks of its own address, and of the places it takes along. */
function addressesOf(row: WrittenRow): string[] {
  return [row.address, ...['with', 'by'].flatMap((word) => textOfTree(row.said[word]) ?? []), ...branchAddresses(row.said)];
}

function branchAddresses(said: TreeMap): string[] {
  if (said['by'] === undefined) return [];
  return Object.values(said).flatMap((branch) => (isTreeMap(branch) ? (textOfTree(branch['with']) ?? []) : []));
}
