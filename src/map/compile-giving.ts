import { type CodeTable, type Otherwise, readCode, withCodes } from './code-table.ts';
import { compileConstant } from './constant.ts';
import type { ElementPath } from './element-path.ts';
import { type CodeShape, type LookUp, lookUp } from './look-up.ts';
import { textOfTree, type TreeMap } from './mapping-source.ts';
import type { Place } from './place.ts';
import type { Row } from './row.ts';
import type { RowAt, RowScope } from './row-scope.ts';
import type { Conversion, Convert } from './run.ts';
import { isRemembered, remembering } from './value-memory.ts';

/** What a row gives: the value of its field, converted or looked up, or a constant. */
export type Giving = Pick<Row, 'conversion' | 'lookUp' | 'constant'>;

/** Of a row that gives no value itself. */
export const NOTHING: Giving = { conversion: undefined, lookUp: undefined, constant: undefined };

/** A constant as the element at a path takes it, or what is wrong with it. */
export function constantAt(text: string, path: ElementPath, scope: RowScope) {
  const { definitions, names } = scope.library;
  return compileConstant(text, path.last, bindingOf(path, scope), names, definitions);
}

function bindingOf(path: ElementPath, scope: RowScope): string | undefined {
  const { definitions } = scope.library;
  const parent = path.steps.length === 1 ? scope.fhirType : path.steps.at(-2)?.type;
  const binding = parent === undefined ? undefined : definitions.child(parent, path.last.json)?.binding;
  return binding?.strength === 'required' ? binding.valueSet : undefined;
}

/** Compiles what a row gives; undefined when that is faulty. Fails: mapping-faulty */
export function compileGiving(
  said: TreeMap,
  v2Type: string,
  place: Place | undefined,
  path: ElementPath | undefined,
  scope: RowAt,
): Giving | undefined {
  const fixed = textOfTree(said['value']);
  if (fixed !== undefined) {
    if (path === undefined) return { ...NOTHING, constant: () => fixed };
    const constant = constantAt(fixed, path, scope);
    return 'error' in constant ? scope.fault(constant.error) : { ...NOTHING, constant: constant.make };
  }
  if (place === undefined) return scope.fault('`always` needs `value`');
  const fhirType = path?.last.type ?? scope.fhirType;
  const named = textOfTree(said['as']);
  const table = textOfTree(said['table']);
  const conversion = named === undefined ? findConversion(v2Type, fhirType, path, scope) : scope.library.named(named);
  if (typeof conversion === 'string')
    return table === undefined
      ? missingConversion(v2Type, path, conversion, scope)
      : compileLookUp(table, said, fhirType, undefined, scope);
  if (conversion === undefined && named !== undefined) return missing(named, `there is no map and no converter "${named}"`, scope);
  if (scope.dataType && place.component === 0 && conversion?.name === scope.name)
    return scope.fault('the map would use itself on the same value');
  if (table !== undefined) return compileLookUp(table, said, fhirType, conversion, scope);
  if (fhirType === 'code' && path !== undefined && bindingOf(path, scope) !== undefined && named === undefined) {
    return scope.fault(`${path.text} takes codes of ${bindingOf(path, scope)}: say which table`);
  }
  return { ...NOTHING, conversion };
}

/** A fault of the row, unless what it asks for is in a file that is itself at fault. */
function missing(name: string, reason: string, scope: RowAt): undefined {
  return scope.library.faults.isUnreadable(name) ? undefined : scope.fault(reason);
}

/** Tells that there is no conversion to a path, and why. Fails: mapping-faulty, unless the file that would have it is itself at fault */
export function missingConversion(v2Type: string, path: ElementPath | undefined, reason: string, scope: RowAt): undefined {
  const fhirType = path?.last.type ?? scope.fhirType;
  const types = fhirType === 'Reference' ? (path?.last.targets ?? []) : [fhirType];
  const unreadable = types.map((type) => `${v2Type} to ${type}`).find((name) => scope.library.faults.isUnreadable(name));
  return missing(unreadable ?? '', reason, scope);
}

/** The conversion of a v2 type to a FHIR type, or why there is none. */
export function findConversion(v2Type: string, fhirType: string, path: ElementPath | undefined, scope: RowScope): Conversion | string {
  if (v2Type === '') return 'its v2 type is not known: name the conversion with `as`';
  if (fhirType === '') return 'a choice of types needs a converter that decides: name it with `as`';
  if (fhirType === 'Reference') return scope.library.reference(v2Type, path?.last.targets ?? []);
  return scope.library.conversion(v2Type, fhirType) ?? `there is no data type map ${v2Type} to ${fhirType}`;
}

function compileLookUp(name: string, said: TreeMap, fhirType: string, asSent: Conversion | undefined, scope: RowAt): Giving | undefined {
  const { library } = scope;
  const found = library.table(name);
  if (found === undefined) return missing(name, `there is no table "${name}"`, scope);
  const read = (text: string) => {
    const code = readCode(text, found.system, library.names, library.definitions);
    const problem = typeof code === 'string' ? code : found.problemOf(code);
    return typeof code === 'string' || problem !== undefined ? scope.fault(problem ?? '') : code;
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
