import type { ElementDefinition } from 'fhir/r4.js';

/** One element of a profile with what stands under it. */
export interface ProfileNode {
  readonly definition: ElementDefinition;
  /** The name, a choice without its [x]. */
  readonly label: string;
  readonly isChoice: boolean;
  readonly children: ProfileNode[];
  /** The slices of this element; a slice's own slices are its reslices. */
  readonly slices: ProfileNode[];
}

/** The id of every element, made from paths and slice names where a definition gives none. Shape: Observation.component:systolic.code */
function idsOf(elements: readonly ElementDefinition[]): string[] {
  const open: { path: string; id: string }[] = [];
  return elements.map((element) => {
    while (open.length > 0 && !element.path.startsWith(`${open.at(-1)?.path}.`)) open.pop();
    const parent = open.at(-1);
    const step = element.path.slice(parent === undefined ? 0 : parent.path.length + 1);
    const made = `${parent === undefined ? '' : `${parent.id}.`}${step}${element.sliceName === undefined ? '' : `:${element.sliceName}`}`;
    const id = element.id ?? made;
    open.push({ path: element.path, id });
    return id;
  });
}

function nodeOf(definition: ElementDefinition): ProfileNode {
  const last = definition.path.slice(definition.path.lastIndexOf('.') + 1);
  const isChoice = last.endsWith('[x]');
  return { definition, label: isChoice ? last.slice(0, -3) : last, isChoice, children: [], slices: [] };
}

/** Where a slice hangs: under the element it slices, or under the slice it slices again. Shape: a.b:c/d hangs under a.b:c, a.b:c under a.b */
function slicedId(id: string): string | undefined {
  const step = id.lastIndexOf('.') + 1;
  const colon = id.indexOf(':', step);
  if (colon < 0) return undefined;
  const again = id.lastIndexOf('/');
  return id.slice(0, again > colon ? again : colon);
}

/** The elements of a snapshot as a tree; undefined when there is none. */
export function profileTree(elements: readonly ElementDefinition[]): ProfileNode | undefined {
  const ids = idsOf(elements);
  const nodes = new Map<string, ProfileNode>();
  elements.forEach((element, at) => {
    const id = ids[at] ?? element.path;
    const node = nodeOf(element);
    nodes.set(id, node);
    if (at === 0) return;
    const sliced = slicedId(id);
    const parent = nodes.get(id.slice(0, id.lastIndexOf('.')));
    if (sliced === undefined) parent?.children.push(node);
    else (nodes.get(sliced) ?? parentSlice(nodes, sliced))?.slices.push(node);
  });
  return nodes.get(ids[0] ?? '');
}

/** A reslice whose slice is not there hangs under the element itself. */
function parentSlice(nodes: ReadonlyMap<string, ProfileNode>, sliced: string): ProfileNode | undefined {
  const colon = sliced.indexOf(':', sliced.lastIndexOf('.') + 1);
  return colon < 0 ? undefined : nodes.get(sliced.slice(0, colon));
}

/** The value of fixed[x] or pattern[x]; undefined when the element has none. */
export function choiceOf(definition: ElementDefinition, prefix: 'fixed' | 'pattern' | 'minValue' | 'maxValue'): unknown {
  for (const [name, value] of Object.entries(definition)) {
    const next = name.charCodeAt(prefix.length);
    if (name.startsWith(prefix) && next >= 65 && next <= 90) return value;
  }
  return undefined;
}
