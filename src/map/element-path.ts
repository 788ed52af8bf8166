import type { Definitions, ElementInfo } from '../fhir/definitions.ts';
import { isPrimitiveType } from '../fhir/primitives.ts';

/** One step of a path to an element, as it is written. Shape: coding(1) is { name: 'coding', label: '1' } */
export interface WrittenStep {
  readonly name: string;
  readonly label?: string;
}

/** One step of a path, checked against R4. */
export interface PathStep {
  /** The property of the JSON object. */
  readonly json: string;
  readonly repeats: boolean;
  readonly label?: string;
  /** The canonical address, when the step is an extension. */
  readonly url?: string;
  /** The FHIR type of what is there, or the path whose children it has. */
  readonly type: string;
  readonly primitive: boolean;
  /** Every JSON name of the choice it is one of. */
  readonly choice: readonly string[];
  readonly min: number;
  readonly targets: readonly string[];
}

/** A path whose last step may be a choice of types, left to the converter: type is then empty. */
export interface ElementPath {
  readonly text: string;
  readonly steps: readonly PathStep[];
  readonly last: PathStep;
}

const STANDARD_EXTENSION = 'http://hl7.org/fhir/StructureDefinition/';

/** Cuts a path into steps; undefined when it is none. Shape: 'birthDate.extension(patient-birthTime)' */
function parsePath(text: string): WrittenStep[] | undefined {
  const steps: WrittenStep[] = [];
  const step = /([A-Za-z][A-Za-z0-9]*)(?:\(([^()]+)\))?(?:\.|$)/y;
  while (step.lastIndex < text.length) {
    const match = step.exec(text);
    if (match === null) return undefined;
    const [, name = '', label] = match;
    steps.push(label === undefined ? { name } : { name, label: label.trim() });
  }
  return steps.length === 0 || text.endsWith('.') ? undefined : steps;
}

/** A path checked step by step against R4, or why it leads nowhere. Shape: resolvePath(definitions, 'Patient', 'contact.name') */
export function resolvePath(definitions: Definitions, root: string, text: string): ElementPath | string {
  const written = parsePath(text);
  if (written === undefined) return `"${text}" is not a path to an element`;
  const steps: PathStep[] = [];
  let parent = root;
  let extension: string | undefined;
  for (const [index, step] of written.entries()) {
    if (steps.at(-1)?.type === '') return `"${steps.at(-1)?.json}" is a choice of types: nothing follows it`;
    const primitive = steps.at(-1)?.primitive === true;
    if (step.name === 'extension' && step.label !== undefined) {
      extension = extensionUrl(step.label, extension !== undefined);
      // A short name must be one R4 defines; an address is taken as it is.
      if (extension !== step.label && definitions.structure(extension) === undefined) return `the extension ${step.label} is not known`;
      const last = index === written.length - 1;
      const value = last ? extensionValue(definitions, extension) : undefined;
      if (last && value === undefined) return `the value type of extension(${step.label}) is not known: add .valueString or the like`;
      steps.push(extensionStep(extension, value));
      parent = 'Extension';
      continue;
    }
    if (primitive) return `"${steps.at(-1)?.json}" is a primitive: only an extension can follow it`;
    const found = childStep(definitions, parent, step);
    if (typeof found === 'string') return found;
    steps.push(found);
    parent = found.type;
    if (step.name !== 'extension') extension = undefined;
  }
  return { text, steps, last: steps.at(-1) as PathStep };
}

function childStep(definitions: Definitions, parent: string, step: WrittenStep): PathStep | string {
  const info = definitions.child(parent, step.name);
  if (info !== undefined) {
    if (step.label !== undefined && info.max <= 1) return `${info.path} holds one value: it has no entry (${step.label})`;
    const made = stepOf(info, choiceNames(definitions, parent, info), step.label);
    if (made.primitive && step.label !== undefined && !/^[1-9]\d?$/.test(step.label))
      return `${info.path} is a list of plain values: its entries are (1), (2) ...`;
    return made;
  }
  const names = definitions.children(parent).filter((child) => child.path.endsWith(`.${step.name}[x]`));
  const [first] = names;
  if (first === undefined) return `${parent} has no element ${step.name}`;
  return {
    ...stepOf(
      first,
      names.map((child) => child.name),
    ),
    json: step.name,
    type: '',
    primitive: false,
  };
}

function stepOf(info: ElementInfo, choice: readonly string[], label?: string): PathStep {
  return {
    json: info.name,
    repeats: info.max > 1,
    ...(label === undefined ? {} : { label }),
    type: info.type,
    primitive: isPrimitiveType(info.type),
    choice,
    min: info.min,
    targets: info.targets,
  };
}

function choiceNames(definitions: Definitions, parent: string, info: ElementInfo): readonly string[] {
  if (!info.path.endsWith('[x]')) return [];
  return definitions
    .children(parent)
    .filter((child) => child.path === info.path)
    .map((child) => child.name);
}

function extensionUrl(label: string, nested: boolean): string {
  return nested || label.includes(':') ? label : STANDARD_EXTENSION + label;
}

function extensionStep(url: string, value: string | undefined): PathStep {
  const type = value ?? 'Extension';
  return { json: 'extension', repeats: true, url, type, primitive: isPrimitiveType(type), choice: [], min: 0, targets: [] };
}

/** The one type an extension may hold, from its definition. */
function extensionValue(definitions: Definitions, url: string): string | undefined {
  const elements = definitions.structure(url)?.snapshot?.element ?? [];
  const types = elements.find((element) => element.path === 'Extension.value[x]')?.type ?? [];
  return types.length === 1 ? types[0]?.code : undefined;
}
