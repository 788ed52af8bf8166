import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Definitions } from '../../fhir/definitions.ts';
import { namedValues, type NamedValue, parametersIn, valueIn } from '../operations/parameters.ts';
import { locate, type Place } from './patch-path.ts';

/** Operations of one patch. */
const MOST_OPERATIONS = 1000;

interface Operation {
  readonly number: number;
  readonly type: string;
  readonly path: string;
  readonly inputs: ReadonlyMap<string, NamedValue>;
}

/**
 * Applies a FHIRPath Patch to a resource of the caller's own, which is changed in place.
 *
 * Fails: patch-invalid (no operations, a path that is not simple, a value missing); patch-not-applicable (no element, several, an index outside)
 * Source: FHIR R4 fhirpatch
 */
export function applyFhirPathPatch(
  resource: Record<string, unknown>,
  body: Record<string, unknown>,
  definitions: Definitions,
): Record<string, unknown> {
  const parameters = parametersIn(body);
  if (parameters === undefined || parameters.length === 0 || parameters.length > MOST_OPERATIONS) {
    throw invalid(0, `it is no Parameters resource with 1 to ${MOST_OPERATIONS} operations`);
  }
  parameters.map(readOperation).forEach((operation) => apply(resource, operation, definitions));
  return resource;
}

function readOperation(parameter: NamedValue, index: number): Operation {
  const number = index + 1;
  if (parameter.name !== 'operation') throw invalid(number, 'a parameter is not named operation');
  const inputs = new Map(namedValues(parameter.part, `Parameters.parameter[${index}].part`).map((part) => [String(part.name), part]));
  const text = (name: string) => {
    const value = valueIn(inputs.get(name));
    if (typeof value !== 'string') throw invalid(number, `${name} is missing`);
    return value;
  };
  return { number, type: text('type'), path: text('path'), inputs };
}

function apply(resource: Record<string, unknown>, operation: Operation, definitions: Definitions): void {
  const { number, type, path } = operation;
  const found = locate(resource, path, definitions, number);
  switch (type) {
    case 'add': {
      const target = one(found, number);
      const name = valueIn(operation.inputs.get('name'));
      if (typeof name !== 'string') throw invalid(number, 'name is missing');
      add(target, name, valueOf(operation), definitions, number);
      return;
    }
    case 'insert': {
      const list = listAt(resource, operation, definitions);
      const index = integer(operation, 'index');
      if (index < 0 || index > list.length) throw notApplicable(number, 'the index is outside the list');
      list.splice(index, 0, valueOf(operation));
      return;
    }
    case 'delete': {
      if (found.length === 0) return;
      remove(one(found, number), number);
      return;
    }
    case 'replace': {
      const place = one(found, number);
      protect(place, number);
      set(place, valueOf(operation));
      return;
    }
    case 'move': {
      const list = listAt(resource, operation, definitions);
      const [source, destination] = [integer(operation, 'source'), integer(operation, 'destination')];
      const [item] = source >= 0 && source < list.length ? list.splice(source, 1) : [];
      if (item === undefined || destination < 0 || destination > list.length) throw notApplicable(number, 'an index is outside the list');
      list.splice(destination, 0, item);
      return;
    }
    default:
      throw invalid(number, 'type is none of add, insert, delete, replace, move');
  }
}

function one(places: readonly Place[], number: number): Place {
  const [place] = places;
  if (place === undefined || places.length > 1)
    throw notApplicable(number, place === undefined ? 'there is nothing at its path' : 'its path leads to several');
  return place;
}

function protect({ parent, key, type }: Place, number: number): void {
  const isRoot = Object.hasOwn(parent, 'resourceType') && (key === 'id' || key === 'resourceType');
  if (isRoot || (type === 'Meta' && (key === 'versionId' || key === 'lastUpdated')))
    throw invalid(number, 'id, type and version are the gateway’s to set');
}

/** Adds an element by name under the place: to the list, where it repeats. */
function add(target: Place, name: string, value: unknown, definitions: Definitions, number: number): void {
  const holder = target.value;
  if (typeof holder !== 'object' || holder === null || Array.isArray(holder))
    throw notApplicable(number, 'its path leads to no element with parts');
  const parts = holder as Record<string, unknown>;
  const info = definitions.child(target.valueType, name) ?? choiceOf(target.valueType, name, value, definitions);
  if (info === undefined) throw invalid(number, 'name is no element there');
  protect({ ...target, parent: parts, key: info.name, type: target.valueType }, number);
  const plain = value instanceof Typed ? value.value : value;
  if (info.max > 1) parts[info.name] = [...((parts[info.name] as unknown[] | undefined) ?? []), plain];
  else if (parts[info.name] === undefined) parts[info.name] = plain;
  else throw notApplicable(number, 'the element is there already and does not repeat');
}

/** An element named without its type, such as value for valueQuantity, has the type of the value that is given. */
function choiceOf(type: string, name: string, value: unknown, definitions: Definitions) {
  return value instanceof Typed ? definitions.child(type, name + value.type) : undefined;
}

/** A value and the suffix of the value[x] it came in. */
class Typed {
  readonly type: string;
  readonly value: unknown;
  constructor(type: string, value: unknown) {
    this.type = type;
    this.value = value;
  }
}

function valueOf(operation: Operation): unknown {
  const part = operation.inputs.get('value');
  if (part === undefined) throw invalid(operation.number, 'value is missing');
  const name = Object.keys(part).find((key) => /^value[A-Z]/.test(key));
  if (name !== undefined) return operation.type === 'add' ? new Typed(name.slice(5), part[name]) : part[name];
  // an element without a data type of its own comes as its parts
  const parts = namedValues(part.part, 'Parameters.parameter.part');
  if (parts.length === 0) throw invalid(operation.number, 'value is missing');
  const value: Record<string, unknown> = {};
  for (const inner of parts) {
    const key = String(inner.name);
    if (key === '__proto__') throw invalid(operation.number, 'a part is named __proto__');
    const item = valueIn(inner);
    value[key] = value[key] === undefined ? item : [value[key], item].flat();
  }
  return value;
}

function listAt(resource: Record<string, unknown>, { path, number }: Operation, definitions: Definitions): unknown[] {
  const [place] = locate(resource, path, definitions, number);
  const list = place?.list;
  if (list === undefined) throw notApplicable(number, 'its path leads to no list');
  return list;
}

function set({ parent, key, list, index }: Place, value: unknown): void {
  if (list !== undefined && index !== undefined) list[index] = value;
  else parent[key] = value;
}

function remove(place: Place, number: number): void {
  protect(place, number);
  const { parent, key, list, index } = place;
  if (list === undefined || index === undefined || list.length === 1) delete parent[key];
  else list.splice(index, 1);
}

function integer({ inputs, number }: Operation, name: string): number {
  const value = valueIn(inputs.get(name));
  if (typeof value !== 'number' || !Number.isInteger(value)) throw invalid(number, `${name} is no integer`);
  return value;
}

function invalid(number: number, reason: string): IssueError {
  return new IssueError(issue('patch-invalid', { number, reason }));
}

function notApplicable(number: number, reason: string): IssueError {
  return new IssueError(issue('patch-not-applicable', { number, reason }));
}
