import { setDecimal, writtenNumber } from '../fhir/written-number.ts';

/** A JSON object being filled. */
export type Node = Record<string, unknown>;

/** A decimal with the digits it was sent with. */
export class Decimal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value of a primitive element, or none, with extensions of the element. Shape: a date whose sent text is kept beside it */
export class Extended {
  readonly value: unknown;
  readonly extensions: readonly Node[];

  constructor(value: unknown, extensions: readonly Node[]) {
    this.value = value;
    this.extensions = extensions;
  }
}

/** A value of an element that is a choice of types: the name of the type's own element and what it holds. Shape: { name: 'valueQuantity', value: {...} } */
export class Chosen {
  readonly name: string;
  readonly value: unknown;

  constructor(name: string, value: unknown) {
    this.name = name;
    this.value = value;
  }
}

/** The list of an element, made where it is not there. */
export function listOf(node: Node, json: string): unknown[] {
  return (node[json] ??= []) as unknown[];
}

/** Adds an entry to a list. Most lists stay with their first: it is made with it, and takes no room for more. */
export function append(node: Node, json: string, entry: unknown): void {
  const list = node[json] as unknown[] | undefined;
  if (list === undefined) node[json] = [entry];
  else list.push(entry);
}

/** The object beside one value of a list of primitives: the two lists keep step, with null where one has nothing. */
export function shadowEntry(node: Node, json: string, index: number): Node {
  const values = listOf(node, json);
  const shadows = listOf(node, `_${json}`);
  while (values.length <= index) values.push(null);
  while (shadows.length < values.length) shadows.push(null);
  const entry = (shadows[index] ?? {}) as Node;
  shadows[index] = entry;
  return entry;
}

/** Puts a value at its place in a list of primitives, unless one stands there. */
export function putPrimitive(node: Node, json: string, index: number, value: unknown): void {
  const values = listOf(node, json);
  while (values.length < index) values.push(null);
  if (values[index] === undefined || values[index] === null) values[index] = value instanceof Extended ? value.value : value;
}

/** Sets an element that holds one value, with the digits or the extensions the value brings. */
export function setPlain(node: Node, name: string, value: unknown): void {
  if (value instanceof Decimal) setDecimal(node, name, value.text);
  else if (value instanceof Extended) {
    if (value.value !== undefined) node[name] = value.value;
    const shadow = (node[`_${name}`] ??= {}) as Node;
    listOf(shadow, 'extension').push(...value.extensions);
  } else node[name] = value;
}

/** Adds the parts of a value that are not there. */
export function addMissing(node: Node, value: Node): void {
  for (const name of Object.keys(value)) {
    const standing = node[name];
    const part = value[name];
    if (standing === undefined) {
      if (typeof part === 'number') setDecimal(node, name, writtenNumber(value, name));
      else node[name] = part;
    } else if (isNode(standing) && isNode(part)) addMissing(standing, part);
  }
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);
