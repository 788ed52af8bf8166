import type { ElementDefinition, StructureDefinition } from 'fhir/r4.js';

/** Finds a structure with its snapshot, by type name or address. */
export type WholeStructure = (typeOrUrl: string) => StructureDefinition | undefined;

function idOf(element: ElementDefinition): string {
  return element.id ?? element.path;
}

function parentOf(id: string): string {
  return id.slice(0, id.lastIndexOf('.'));
}

/** The id of the element that an id slices; the id itself when it names no slice. Shape: Observation.component:a gives Observation.component */
function unslicedId(id: string): string {
  const step = id.lastIndexOf('.') + 1;
  const colon = id.indexOf(':', step);
  if (colon < 0) return id;
  const again = id.lastIndexOf('/');
  return id.slice(0, again > colon ? again : colon);
}

/** Elements being made into a snapshot. */
class Snapshot {
  readonly elements: ElementDefinition[];
  readonly #whole: WholeStructure;

  constructor(base: readonly ElementDefinition[], whole: WholeStructure) {
    this.#whole = whole;
    this.elements = base.map((element) => ({ ...element, id: idOf(element), base: element.base ?? baseOf(element) }));
  }

  #indexOf(id: string): number {
    return this.elements.findIndex((element) => element.id === id);
  }

  /** Where what belongs to an element ends: its children, and its slices with theirs. */
  #endOf(id: string): number {
    let end = this.#indexOf(id) + 1;
    while (end < this.elements.length) {
      const other = this.elements[end]?.id ?? '';
      if (!other.startsWith(`${id}.`) && !other.startsWith(`${id}:`) && !other.startsWith(`${id}/`)) break;
      end++;
    }
    return end;
  }

  /** Makes sure an element is there: as a slice of what it slices, or as a child of an element whose children were not written out. */
  require(id: string, isRequired = false): ElementDefinition | undefined {
    const found = this.elements[this.#indexOf(id)];
    if (found !== undefined) return found;
    const unsliced = unslicedId(id);
    if (unsliced !== id) {
      const model = this.require(unsliced);
      return model && this.#slice(model, `${idOf(model)}${id.slice(unsliced.length)}`);
    }
    const above = parentOf(id);
    const parent = above === '' ? undefined : this.require(above);
    if (parent === undefined) return undefined;
    const prefix = `${idOf(parent)}.`;
    if (!this.elements.some((element) => element.id?.startsWith(prefix) === true)) this.#expand(parent);
    const name = id.slice(above.length + 1);
    return this.elements[this.#indexOf(prefix + name)] ?? this.#choiceOfType(prefix, name, isRequired);
  }

  #slice(model: ElementDefinition, id: string): ElementDefinition {
    const found = this.elements[this.#indexOf(id)];
    if (found !== undefined) return found;
    if (isExtension(model)) model.slicing ??= { discriminator: [{ type: 'value', path: 'url' }], ordered: false, rules: 'open' };
    const { slicing: _slicing, ...rest } = model;
    const slice = { ...structuredClone(rest), id, sliceName: id.slice(id.lastIndexOf(':') + 1), min: 0 };
    this.elements.splice(this.#endOf(idOf(model)), 0, slice);
    return slice;
  }

  /**
   * value[x] under the name of one of its types is a slice of that type; where it must be there, no other type can be, and it is value[x] itself.
   *
   * Source: FHIR R4 profiling, 5.1.0.13, the short form for choices
   */
  #choiceOfType(prefix: string, name: string, isRequired: boolean): ElementDefinition | undefined {
    for (const choice of this.elements) {
      const id = idOf(choice);
      if (!id.startsWith(prefix) || !id.endsWith('[x]')) continue;
      const label = id.slice(prefix.length, -3);
      const type = name.startsWith(label) ? typeNamed(choice, name.slice(label.length)) : undefined;
      if (type === undefined) continue;
      const slice = this.elements[this.#indexOf(`${id}:${name}`)];
      if (slice !== undefined) return slice;
      if (isRequired || choice.type?.length === 1) {
        choice.type = [type];
        return choice;
      }
      choice.slicing ??= { discriminator: [{ type: 'type', path: '$this' }], ordered: false, rules: 'open' };
      return Object.assign(this.#slice(choice, `${id}:${name}`), { type: [type] });
    }
    return undefined;
  }

  /** Writes out the children of an element: those of what it slices or refers to, else those of its type. */
  #expand(element: ElementDefinition): void {
    const id = idOf(element);
    const model = this.#modelOf(id, element);
    const at = this.#indexOf(id) + 1;
    const children = model.elements
      .filter((child) => idOf(child).startsWith(`${model.root}.`))
      .map((child) => ({
        ...child,
        id: id + idOf(child).slice(model.root.length),
        path: element.path + child.path.slice(model.path.length),
        base: child.base ?? baseOf(child),
      }));
    this.elements.splice(at, 0, ...children);
  }

  #modelOf(id: string, element: ElementDefinition): { elements: readonly ElementDefinition[]; root: string; path: string } {
    const unsliced = unslicedId(id);
    if (unsliced !== id && this.elements.some((one) => one.id?.startsWith(`${unsliced}.`) === true)) {
      return { elements: this.elements, root: unsliced, path: element.path };
    }
    if (element.contentReference !== undefined) {
      const root = element.contentReference.replace(/^.*#/, '');
      return { elements: this.elements, root, path: root };
    }
    const type = element.type?.[0];
    const structure = (type?.profile?.[0] === undefined ? undefined : this.#whole(type.profile[0])) ?? this.#whole(type?.code ?? '');
    return { elements: structure?.snapshot?.element ?? [], root: structure?.type ?? ' ', path: structure?.type ?? ' ' };
  }
}

function isExtension(element: ElementDefinition): boolean {
  return element.type?.[0]?.code === 'Extension' && element.path !== 'Extension';
}

function baseOf(element: ElementDefinition) {
  return { path: element.path, min: element.min ?? 0, max: element.max ?? '*' };
}

function typeNamed(element: ElementDefinition, end: string) {
  return element.type?.find((type) => type.code.toLowerCase() === end.toLowerCase());
}

/** What a differential says goes over what the base says; constraints add up. */
function merge(into: ElementDefinition, from: ElementDefinition): void {
  const { id: _id, path: _path, constraint, base: _base, extension, binding, ...own } = from;
  Object.assign(into, own);
  if (extension !== undefined) into.extension = extension;
  if (binding !== undefined) into.binding = { ...into.binding, ...binding };
  if (constraint !== undefined) {
    const keys = new Set(constraint.map((one) => one.key));
    into.constraint = [...(into.constraint ?? []).filter((one) => !keys.has(one.key)), ...constraint];
  }
}

/**
 * A structure with the snapshot that its differential makes of its base; undefined when the base is not there or the differential names
 * an element that is not.
 *
 * Source: FHIR R4 profiling, 5.1.0.4
 */
export function generateSnapshot(structure: StructureDefinition, whole: WholeStructure): StructureDefinition | undefined {
  const base = structure.baseDefinition === undefined ? undefined : whole(structure.baseDefinition);
  if (base?.snapshot === undefined) return undefined;
  const snapshot = new Snapshot(structuredClone(base.snapshot.element), whole);
  for (const element of structure.differential?.element ?? []) {
    const into = snapshot.require(differentialId(element), (element.min ?? 0) > 0);
    if (into === undefined) return undefined;
    merge(into, element);
  }
  return { ...structure, snapshot: { element: snapshot.elements } };
}

function differentialId(element: ElementDefinition): string {
  return element.id ?? (element.sliceName === undefined ? element.path : `${element.path}:${element.sliceName}`);
}
