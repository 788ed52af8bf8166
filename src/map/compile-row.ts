import { catalogue, type IssueId } from '../issue/catalogue.ts';
import { compileGiving, constantAt, findConversion, type Giving, missingConversion, NOTHING } from './compile-giving.ts';
import { readWhen } from './compile-when.ts';
import { resolvePath } from './element-path.ts';
import { isTreeMap, type MappingSource, textOfTree, type Tree, type TreeMap } from './mapping-source.ts';
import { compileCondition, compilePlace } from './read-place.ts';
import type { Branches, Row } from './row.ts';
import { factsOf, placeOf, type RowAt, type RowScope } from './row-scope.ts';
import type { RowFacts } from './run.ts';
import { Numbering } from './numbering.ts';
import { compileTarget } from './target.ts';

/** A row as it is written: its address, what it says, where. */
export interface WrittenRow {
  /** PID-3, CX.4, always */
  readonly address: string;
  readonly said: TreeMap;
  readonly line: number;
}

/** The rows of a list, each `- address: path` or `- address: { words }`. */
export function writtenRows(source: MappingSource, ...path: readonly (string | number)[]): WrittenRow[] {
  let list: Tree | undefined = source.data;
  for (const step of path)
    list = isTreeMap(list) ? list[String(step)] : Array.isArray(list) ? (list as readonly Tree[])[Number(step)] : undefined;
  if (!Array.isArray(list)) return [];
  return (list as readonly Tree[]).flatMap((item, index) => {
    if (!isTreeMap(item)) return [];
    return Object.entries(item).map(([address, said]) => ({
      address,
      said: isTreeMap(said) ? said : { to: said },
      line: source.lineAt(...path, index, address),
    }));
  });
}

/** Compiles a row; undefined when it is faulty. Fails: mapping-faulty, added to the library's faults */
export function compileRow(written: WrittenRow, map: RowScope, typeOfBranch?: string): Row | undefined {
  const { library, source } = map;
  const fault = (reason: string): undefined => library.faults.add(source, written.line, `${written.address}: ${reason}`) as undefined;
  const scope: RowAt = { ...map, fault };
  const { said } = written;
  const word = (name: string) => textOfTree(said[name]);

  const place = written.address === 'always' ? undefined : placeOf(written.address, scope);
  if (written.address !== 'always' && place === undefined) return fault('is no address this map can read');
  const facts = place === undefined ? undefined : factsOf(place, scope);
  const v2Type = typeOfBranch ?? facts?.type ?? '';

  const to = word('to');
  const path = to === undefined || to === 'this' ? undefined : resolvePath(library.definitions, scope.fhirType, to);
  if (typeof path === 'string') return fault(path);
  if (to === 'this' && !scope.dataType) return fault('`this` is for data type maps');

  const when = readWhen(word('when'), scope);
  const base: RowFacts = {
    row: `${source.path}:${written.line}`,
    element: path === undefined ? scope.fhirType : `${scope.fhirType}.${path.text}`,
    required: word('required') === 'true' || (path !== undefined && path.steps.length === 1 && path.last.min > 0 && !scope.dataType),
    ...(facts?.table === undefined ? {} : { v2Table: facts.table }),
  };
  const here = new Numbering();
  const shared = {
    facts: base,
    line: written.line,
    dataType: scope.dataType,
    place,
    when,
    test: when === undefined ? undefined : compileCondition(when, scope.dataType),
    target: path === undefined ? undefined : compileTarget(path, scope.slots, here),
    sets: compileSets(said['set'], scope, here),
    copies: compileCopies(said['copy'], scope, here),
    beside: word('with') === undefined ? undefined : placeOf(word('with') as string, scope),
    take: word('take') as Row['take'],
    required: word('required') === 'true',
  };
  if (said['by'] !== undefined) {
    const by = compileBranches(written, scope);
    if (by === undefined) return undefined;
    const branches = [...by.rows.values(), by.otherwise, by.empty];
    const skipAt = branches.every((row) => row === undefined || row.skipAt !== 0) ? skipOf(shared, NOTHING, scope) : 0;
    return { ...shared, ...NOTHING, fail: undefined, by, skipAt };
  }
  const fail = word('fail');
  if (fail !== undefined && !Object.hasOwn(catalogue, fail)) return fault(`${fail} is not an issue of the catalogue`);
  if (to === undefined && fail === undefined) return fault('says neither `to` nor `by` nor `fail`');
  const giving = fail === undefined ? compileGiving(said, v2Type, place, path, scope) : NOTHING;
  if (giving === undefined) return undefined;
  return { ...shared, ...giving, fail: fail as IssueId | undefined, by: undefined, skipAt: skipOf(shared, giving, scope) };
}

/** Where a row can be passed over when nothing stands there: it is not required, and nothing says what an empty field gives. */
function skipOf(row: Pick<Row, 'place' | 'required'>, giving: Giving, scope: RowScope): number {
  const { place, required } = row;
  if (place === undefined || place.owner !== scope.owner || required || giving.lookUp?.table.empty !== undefined) return 0;
  return scope.dataType ? place.component : place.field;
}

function compileSets(tree: Tree | undefined, scope: RowAt, here: Numbering): Row['sets'] {
  if (!isTreeMap(tree)) return [];
  return Object.entries(tree).flatMap(([path, text]) => {
    const resolved = resolvePath(scope.library.definitions, scope.fhirType, path);
    if (typeof resolved === 'string') return scope.fault(`set: ${resolved}`) ?? [];
    const constant = constantAt(textOfTree(text) ?? '', resolved, scope);
    if ('error' in constant) return scope.fault(`set: ${constant.error}`) ?? [];
    return [{ target: compileTarget(resolved, scope.slots, here), constant: constant.make }];
  });
}

function compileCopies(tree: Tree | undefined, scope: RowAt, here: Numbering): Row['copies'] {
  if (!isTreeMap(tree)) return [];
  return Object.entries(tree).flatMap(([text, address]) => {
    const path = resolvePath(scope.library.definitions, scope.fhirType, text);
    if (typeof path === 'string') return scope.fault(`copy: ${path}`) ?? [];
    const place = placeOf(textOfTree(address) ?? '', scope);
    if (place === undefined) return scope.fault(`copy: ${textOfTree(address)} is no address this map can read`) ?? [];
    const conversion = findConversion(factsOf(place, scope)?.type ?? '', path.last.type, path, scope);
    if (typeof conversion === 'string')
      return missingConversion(factsOf(place, scope)?.type ?? '', path, `copy: ${conversion}`, scope) ?? [];
    return [{ target: compileTarget(path, scope.slots, here), place, conversion }];
  });
}

const BRANCH_WORDS = new Set(['by', 'when', 'required', 'otherwise', 'empty']);

function compileBranches(written: WrittenRow, scope: RowAt): Branches | undefined {
  const { said } = written;
  const place = placeOf(textOfTree(said['by']) ?? '', scope);
  if (place === undefined) return scope.fault('`by` is no address this map can read');
  const own = placeOf(written.address, scope);
  const varies = own !== undefined && factsOf(own, scope)?.type === 'varies';
  const branch = (tree: Tree | undefined, type?: string) =>
    tree === undefined ? undefined : compileRow({ ...written, said: isTreeMap(tree) ? tree : { to: tree } }, scope, type);
  const rows = new Map<string, Row>();
  for (const [keys, tree] of Object.entries(said)) {
    if (BRANCH_WORDS.has(keys)) continue;
    for (const key of keys.split(',').map((one) => one.trim())) {
      const row = branch(tree, varies ? key : undefined);
      if (row !== undefined) rows.set(key, row);
    }
  }
  const otherwise = said['otherwise'];
  const empty = said['empty'];
  return { place, read: compilePlace(place, scope.dataType), rows, otherwise: branch(otherwise), empty: branch(empty, 'ST') };
}
