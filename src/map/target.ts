import { setDecimal } from '../fhir/written-number.ts';
import type { ElementPath, PathStep } from './element-path.ts';
import { addMissing, append, Chosen, Decimal, Extended, listOf, type Node, putPrimitive, setPlain, shadowEntry } from './node.ts';
import type { Numbering } from './numbering.ts';

/** The entries a map has labelled so far, and the object each stands in. */
export type Slots = ({ readonly parent: Node; readonly entry: Node } | undefined)[];

/** For a value that shares its entry with nothing else. */
export const NOWHERE: (Node | undefined)[] = [];

type Walk = (node: Node, slots: Slots, here: (Node | undefined)[], nth: number) => Node;

/** An element a row fills: compiled once, walked for each value. */
export interface Target {
  readonly text: string;
  /** The top-level element it is in, and the path below it. */
  readonly top: string;
  readonly rest: string;
  readonly topRepeats: boolean;
  readonly last: PathStep;
  /** Whether a value would be dropped, because the element holds one and has it already. */
  occupied(root: Node, slots: Slots): boolean;
  /** `here` holds the entries this value of the row has made, `nth` is which of the row's values it is, from 0. */
  put(root: Node, slots: Slots, here: (Node | undefined)[], nth: number, value: unknown): void;
  /** Like put, unless the element holds a value already. */
  putMissing(root: Node, slots: Slots, here: (Node | undefined)[], nth: number, value: unknown): void;
}

/** Compiles a checked path. Labels are shared by `slots` (a map), new entries by `here` (a row). */
export function compileTarget(path: ElementPath, slots: Numbering, here: Numbering): Target {
  const walks: Walk[] = [];
  const numbers: number[] = [];
  let prefix = '';
  const { steps, last } = path;
  for (const [index, step] of steps.entries()) {
    prefix += `.${step.json}${step.url === undefined ? '' : `(${step.url})`}${step.label === undefined ? '' : `(${step.label})`}`;
    numbers.push(step.label === undefined && step.url === undefined ? -1 : slots.of(prefix));
    if (index < steps.length - 1) walks.push(walkOf(step, prefix, steps[index + 1], slots, here));
  }
  const shared = here.of(prefix);
  const slot = last.label === undefined ? -1 : slots.of(prefix);
  const walk: Walk = (node, all, entries, nth) => {
    let at = node;
    for (const next of walks) at = next(at, all, entries, nth);
    return at;
  };
  const [first] = steps;
  const inTheWay = namesInTheWay(last);
  const putInto = (node: Node, all: Slots, entries: (Node | undefined)[], value: unknown) => {
    if (last.url !== undefined) addExtension(node, last, value);
    else if (last.label !== undefined) putLabelled(node, last, value, all, slot);
    else if (last.repeats) addEntry(node, last.json, value, entries, shared);
    else putSingle(node, last, value);
  };
  return {
    text: path.text,
    top: first?.json ?? '',
    rest: steps
      .slice(1)
      .map((step) => step.json)
      .join('.'),
    topRepeats: first?.repeats === true,
    last,
    occupied: occupiedBy(steps, numbers, inTheWay),
    // Most rows fill one element of the resource itself.
    put:
      steps.length === 1 && !last.repeats && slot === -1
        ? (root, _, __, ___, value) => putSingle(root, last, value)
        : (root, all, entries, nth, value) => putInto(walk(root, all, entries, nth), all, entries, value),
    putMissing(root, all, entries, nth, value) {
      const node = walk(root, all, entries, nth);
      if (inTheWay.every((name) => node[name] === undefined)) putInto(node, all, entries, value);
    },
  };
}

function walkOf(step: PathStep, prefix: string, next: PathStep | undefined, slots: Numbering, here: Numbering): Walk {
  const { json, label, url } = step;
  if (step.primitive && next?.url !== undefined) {
    if (label === undefined) return (node) => (node[`_${json}`] ??= {}) as Node;
    return (node) => shadowEntry(node, json, Number(label) - 1);
  }
  if (url !== undefined) {
    const slot = slots.of(prefix);
    const shared = here.of(prefix);
    return (node, all, entries, nth) => {
      const found = nth === 0 ? all[slot] : undefined;
      if (found !== undefined && found.parent === node) return found.entry;
      if (nth > 0 && entries[shared] !== undefined) return entries[shared];
      const entry: Node = { url };
      append(node, 'extension', entry);
      if (nth === 0) all[slot] = { parent: node, entry };
      entries[shared] = entry;
      return entry;
    };
  }
  if (label !== undefined) {
    const slot = slots.of(prefix);
    return (node, all) => labelled(node, json, label, all, slot);
  }
  if (!step.repeats) return (node) => (node[json] ??= {}) as Node;
  const shared = here.of(prefix);
  return (node, _, entries) => {
    const known = entries[shared];
    if (known !== undefined) return known;
    const entry: Node = {};
    append(node, json, entry);
    entries[shared] = entry;
    return entry;
  };
}

/** The entry of a label. A number is also a position: the entry there, unless another label has it. */
function labelled(node: Node, json: string, label: string, slots: Slots, slot: number): Node {
  const known = slots[slot];
  if (known !== undefined && known.parent === node) return known.entry;
  const list = listOf(node, json);
  const standing = list[Number(label) - 1] as Node | undefined;
  const free = standing !== undefined && !slots.some((other) => other?.entry === standing);
  const entry: Node = free ? standing : {};
  if (!free) list.push(entry);
  slots[slot] = { parent: node, entry };
  return entry;
}

function putLabelled(node: Node, last: PathStep, value: unknown, slots: Slots, slot: number): void {
  if (last.primitive) putPrimitive(node, last.json, Number(last.label) - 1, value);
  else addMissing(labelled(node, last.json, last.label as string, slots, slot), value as Node);
}

function addExtension(node: Node, last: PathStep, value: unknown): void {
  const extension: Node = { url: last.url };
  const name = `value${last.type.charAt(0).toUpperCase()}${last.type.slice(1)}`;
  setPlain(extension, name, value);
  append(node, 'extension', extension);
}

function addEntry(node: Node, json: string, value: unknown, entries: (Node | undefined)[], shared: number): void {
  if (value instanceof Decimal) {
    const list = listOf(node, json);
    setDecimal(list, String(list.length), value.text);
  } else if (!(value instanceof Extended)) append(node, json, value);
  else if (value.value !== undefined) append(node, json, value.value);
  if (entries !== NOWHERE && typeof value === 'object') entries[shared] = value as Node;
}

function putSingle(node: Node, last: PathStep, value: unknown): void {
  if (value instanceof Chosen) {
    setPlain(node, value.name, value.value);
    return;
  }
  const standing = node[last.json];
  if (standing === undefined) setPlain(node, last.json, value);
  else if (!last.primitive && typeof standing === 'object') addMissing(standing as Node, value as Node);
}

/** Looks without making anything: undefined when a step is not there, or is a new entry for each value. */
function standingAt(steps: readonly PathStep[], root: Node, slots: Slots, numbers: readonly number[]): Node | undefined {
  let node: Node | undefined = root;
  for (let index = 0; index < steps.length - 1 && node !== undefined; index++) {
    const step = steps[index] as PathStep;
    if (step.url !== undefined || step.label !== undefined) {
      const slot: Slots[number] = slots[numbers[index] as number];
      node = slot !== undefined && slot.parent === node ? slot.entry : undefined;
    } else node = step.repeats ? undefined : (node[step.primitive ? `_${step.json}` : step.json] as Node | undefined);
  }
  return node;
}

/** The properties that, once there, leave no room for another value. */
function namesInTheWay(last: PathStep): readonly string[] {
  if (last.repeats) return [];
  if (last.type === '') return last.choice;
  if (!last.primitive) return last.choice.filter((name) => name !== last.json);
  return last.choice.length === 0 ? [last.json] : last.choice;
}

function occupiedBy(steps: readonly PathStep[], numbers: readonly number[], names: readonly string[]): Target['occupied'] {
  if (names.length === 0) return () => false;
  const [only] = names;
  if (steps.length === 1 && names.length === 1 && only !== undefined) return (root) => root[only] !== undefined;
  return (root, slots) => {
    const node = steps.length === 1 ? root : standingAt(steps, root, slots, numbers);
    if (node === undefined) return false;
    for (const name of names) if (node[name] !== undefined) return true;
    return false;
  };
}
