import { catalogue, type IssueId } from '../issue/catalogue.ts';
import { componentsOf, type FieldFacts, fieldOf } from '../hl7v2/fields.ts';
import { type CodeTable, type Otherwise, readCode, withCodes } from './code-table.ts';
import { type Condition, parseCondition, placesOf } from './condition.ts';
import { compileConstant } from './constant.ts';
import { type ElementPath, resolvePath } from './element-path.ts';
import type { Library } from './library.ts';
import { type CodeShape, type LookUp, lookUp } from './look-up.ts';
import { isTreeMap, type MappingSource, textOfTree, type Tree, type TreeMap } from './mapping-source.ts';
import { parsePlace, type Place } from './place.ts';
import { compileCondition, compilePlace, type Test } from './read-place.ts';
import type { Branches, Row } from './row.ts';
import type { Conversion, Convert, RowFacts } from './run.ts';
import { compileTarget, Numbering } from './target.ts';
import { isRemembered, remembering } from './value-memory.ts';

/** The map a row is compiled for. */
export interface RowScope {
  readonly library: Library;
  readonly source: MappingSource;
  /** Of the map. Shape: PID to Patient */
  readonly name: string;
  /** The segment or the data type. */
  readonly owner: string;
  readonly dataType: boolean;
  /** The resource, data type or primitive it gives. */
  readonly fhirType: string;
  /** Types of fields the standard does not know: those of a Z segment. */
  readonly fields: ReadonlyMap<number, string>;
  /** The labels all rows of the map share. */
  readonly slots: Numbering;
}

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
export function compileRow(written: WrittenRow, scope: RowScope, typeOfBranch?: string): Row | undefined {
  const { library, source } = scope;
  const fault = (reason: string): undefined => library.faults.add(source, written.line, `${written.address}: ${reason}`) as undefined;
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

  const when = readWhen(word('when'), scope, fault);
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
    sets: compileSets(said['set'], scope, here, fault),
    copies: compileCopies(said['copy'], scope, here, fault),
    beside: word('with') === undefined ? undefined : placeOf(word('with') as string, scope),
    take: word('take') as Row['take'],
    required: word('required') === 'true',
  };
  if (said['by'] !== undefined) {
    const by = compileBranches(written, scope, fault);
    if (by === undefined) return undefined;
    const branches = [...by.rows.values(), by.otherwise, by.empty];
    const skipAt = branches.every((row) => row === undefined || row.skipAt !== 0) ? skipOf(shared, NOTHING, scope) : 0;
    return { ...shared, ...NOTHING, fail: undefined, by, skipAt };
  }
  const fail = word('fail');
  if (fail !== undefined && !Object.hasOwn(catalogue, fail)) return fault(`${fail} is not an issue of the catalogue`);
  if (to === undefined && fail === undefined) return fault('says neither `to` nor `by` nor `fail`');
  const giving = fail === undefined ? compileGiving(said, v2Type, place, path, scope, fault) : NOTHING;
  if (giving === undefined) return undefined;
  return { ...shared, ...giving, fail: fail as IssueId | undefined, by: undefined, skipAt: skipOf(shared, giving, scope) };
}

/** Where a row can be passed over when nothing stands there: it is not required, and nothing says what an empty field gives. */
function skipOf(row: Pick<Row, 'place' | 'required'>, giving: Giving, scope: RowScope): number {
  const { place, required } = row;
  if (place === undefined || place.owner !== scope.owner || required || giving.lookUp?.table.empty !== undefined) return 0;
  return scope.dataType ? place.component : place.field;
}

type Fault = (reason: string) => undefined;

type Giving = Pick<Row, 'conversion' | 'lookUp' | 'constant'>;

const NOTHING: Giving = { conversion: undefined, lookUp: undefined, constant: undefined };

function placeOf(text: string, scope: RowScope): Place | undefined {
  const place = parsePlace(text);
  if (place === undefined) return undefined;
  if (scope.dataType) return place.field === 0 && place.owner === scope.owner ? place : undefined;
  return place.field === 0 ? undefined : place;
}

/** What the standard says of a place: its type and its table. */
function factsOf(place: Place, scope: RowScope): { readonly type: string; readonly table?: string } | undefined {
  if (scope.dataType) return place.component === 0 ? { type: place.owner } : partOf(place.owner, [place.component, place.subcomponent]);
  const own = scope.fields.get(place.field);
  const field: FieldFacts | undefined =
    own !== undefined && place.owner === scope.owner ? { type: own, repeats: true } : fieldOf(place.owner, place.field);
  if (field === undefined || place.component === 0) return field;
  return partOf(field.type, [place.component, place.subcomponent]);
}

function partOf(type: string, parts: readonly number[]): { readonly type: string } | undefined {
  let at: string | undefined = type;
  for (const part of parts) if (part !== 0 && at !== undefined) at = componentsOf(at)[part - 1] ?? (part === 1 ? at : undefined);
  return at === undefined ? undefined : { type: at.replace(/[*/].*$/, '') };
}

/** Compiles `when`; undefined where there is none. Fails: mapping-faulty */
export function compileWhen(text: string | undefined, scope: Pick<RowScope, 'dataType' | 'owner'>, fault: Fault): Test | undefined {
  const when = readWhen(text, scope, fault);
  return when === undefined ? undefined : compileCondition(when, scope.dataType);
}

function readWhen(text: string | undefined, scope: Pick<RowScope, 'dataType' | 'owner'>, fault: Fault): Condition | undefined {
  if (text === undefined) return undefined;
  const parsed = parseCondition(text);
  if ('error' in parsed) return fault(`when: ${parsed.error}`);
  const foreign = placesOf(parsed.condition).find((place) => scope.dataType && (place.field !== 0 || place.owner !== scope.owner));
  if (foreign !== undefined) return fault(`when: ${foreign.text} is not part of ${scope.owner}`);
  return parsed.condition;
}

function compileSets(tree: Tree | undefined, scope: RowScope, here: Numbering, fault: Fault): Row['sets'] {
  if (!isTreeMap(tree)) return [];
  return Object.entries(tree).flatMap(([path, text]) => {
    const resolved = resolvePath(scope.library.definitions, scope.fhirType, path);
    if (typeof resolved === 'string') return fault(`set: ${resolved}`) ?? [];
    const constant = constantAt(textOfTree(text) ?? '', resolved, scope);
    if ('error' in constant) return fault(`set: ${constant.error}`) ?? [];
    return [{ target: compileTarget(resolved, scope.slots, here), constant: constant.make }];
  });
}

function compileCopies(tree: Tree | undefined, scope: RowScope, here: Numbering, fault: Fault): Row['copies'] {
  if (!isTreeMap(tree)) return [];
  return Object.entries(tree).flatMap(([text, address]) => {
    const path = resolvePath(scope.library.definitions, scope.fhirType, text);
    if (typeof path === 'string') return fault(`copy: ${path}`) ?? [];
    const place = placeOf(textOfTree(address) ?? '', scope);
    if (place === undefined) return fault(`copy: ${textOfTree(address)} is no address this map can read`) ?? [];
    const conversion = findConversion(factsOf(place, scope)?.type ?? '', path.last.type, path, scope);
    if (typeof conversion === 'string')
      return missingConversion(factsOf(place, scope)?.type ?? '', path, `copy: ${conversion}`, scope, fault) ?? [];
    return [{ target: compileTarget(path, scope.slots, here), place, conversion }];
  });
}

function constantAt(text: string, path: ElementPath, scope: RowScope) {
  const { definitions, names } = scope.library;
  return compileConstant(text, path.last, bindingOf(path, scope), names, definitions);
}

function bindingOf(path: ElementPath, scope: RowScope): string | undefined {
  const { definitions } = scope.library;
  const parent = path.steps.length === 1 ? scope.fhirType : path.steps.at(-2)?.type;
  const binding = parent === undefined ? undefined : definitions.child(parent, path.last.json)?.binding;
  return binding?.strength === 'required' ? binding.valueSet : undefined;
}

function compileGiving(
  said: TreeMap,
  v2Type: string,
  place: Place | undefined,
  path: ElementPath | undefined,
  scope: RowScope,
  fault: Fault,
): Giving | undefined {
  const fixed = textOfTree(said['value']);
  if (fixed !== undefined) {
    if (path === undefined) return { ...NOTHING, constant: () => fixed };
    const constant = constantAt(fixed, path, scope);
    return 'error' in constant ? fault(constant.error) : { ...NOTHING, constant: constant.make };
  }
  if (place === undefined) return fault('`always` needs `value`');
  const fhirType = path?.last.type ?? scope.fhirType;
  const named = textOfTree(said['as']);
  const table = textOfTree(said['table']);
  const conversion = named === undefined ? findConversion(v2Type, fhirType, path, scope) : scope.library.named(named);
  if (typeof conversion === 'string')
    return table === undefined
      ? missingConversion(v2Type, path, conversion, scope, fault)
      : compileLookUp(table, said, fhirType, undefined, scope, fault);
  if (conversion === undefined && named !== undefined) return missing(named, `there is no map and no converter "${named}"`, scope, fault);
  if (scope.dataType && place.component === 0 && conversion?.name === scope.name)
    return fault('the map would use itself on the same value');
  if (table !== undefined) return compileLookUp(table, said, fhirType, conversion, scope, fault);
  if (fhirType === 'code' && path !== undefined && bindingOf(path, scope) !== undefined && named === undefined) {
    return fault(`${path.text} takes codes of ${bindingOf(path, scope)}: say which table`);
  }
  return { ...NOTHING, conversion };
}

/** A fault of the row, unless what it asks for is in a file that is itself at fault. */
function missing(name: string, reason: string, scope: RowScope, fault: Fault): undefined {
  return scope.library.faults.isUnreadable(name) ? undefined : fault(reason);
}

function missingConversion(v2Type: string, path: ElementPath | undefined, reason: string, scope: RowScope, fault: Fault): undefined {
  const fhirType = path?.last.type ?? scope.fhirType;
  const types = fhirType === 'Reference' ? (path?.last.targets ?? []) : [fhirType];
  const unreadable = types.map((type) => `${v2Type} to ${type}`).find((name) => scope.library.faults.isUnreadable(name));
  return missing(unreadable ?? '', reason, scope, fault);
}

/** The conversion of a v2 type to a FHIR type, or why there is none. */
function findConversion(v2Type: string, fhirType: string, path: ElementPath | undefined, scope: RowScope): Conversion | string {
  if (v2Type === '') return 'its v2 type is not known: name the conversion with `as`';
  if (fhirType === '') return 'a choice of types needs a converter that decides: name it with `as`';
  if (fhirType === 'Reference') return scope.library.reference(v2Type, path?.last.targets ?? []);
  return scope.library.conversion(v2Type, fhirType) ?? `there is no data type map ${v2Type} to ${fhirType}`;
}

function compileLookUp(
  name: string,
  said: TreeMap,
  fhirType: string,
  asSent: Conversion | undefined,
  scope: RowScope,
  fault: Fault,
): Giving | undefined {
  const { library } = scope;
  const found = library.table(name);
  if (found === undefined) return missing(name, `there is no table "${name}"`, scope, fault);
  const read = (text: string) => {
    const code = readCode(text, found.system, library.names, library.definitions);
    const problem = typeof code === 'string' ? code : found.problemOf(code);
    return typeof code === 'string' || problem !== undefined ? fault(problem ?? '') : code;
  };
  const table: CodeTable = withCodes(found, said['also'], read);
  const own = textOfTree(said['otherwise']);
  const otherwise: Otherwise | undefined = own === undefined ? table.otherwise : isOtherwise(own) ? own : read(own);
  if (otherwise === undefined) return undefined;
  const rule: LookUp = { table, otherwise, shape: shapeOf(fhirType), asSent: carriesMore(fhirType) ? asSent : undefined };
  const convert: Convert = (value, frame, facts) => lookUp(rule, value, frame, facts);
  const conversion: Conversion = {
    name: `table ${name}`,
    convert: isRemembered(fhirType) ? remembering(convert) : convert,
    uses: 'itself',
  };
  return { ...NOTHING, conversion, lookUp: rule };
}

const isOtherwise = (text: string): text is 'fail' | 'leave-out' | 'keep' | 'skip' => ['fail', 'leave-out', 'keep', 'skip'].includes(text);

const carriesMore = (fhirType: string) => fhirType === 'CodeableConcept' || fhirType === 'Coding';

function shapeOf(fhirType: string): CodeShape {
  return fhirType === 'CodeableConcept' || fhirType === 'Coding' ? fhirType : fhirType === 'boolean' ? 'boolean' : 'plain';
}

const BRANCH_WORDS = new Set(['by', 'when', 'required', 'otherwise', 'empty']);

function compileBranches(written: WrittenRow, scope: RowScope, fault: Fault): Branches | undefined {
  const { said } = written;
  const place = placeOf(textOfTree(said['by']) ?? '', scope);
  if (place === undefined) return fault('`by` is no address this map can read');
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
