import type { Message, Segment } from '../hl7v2/message.ts';
import { ByName } from './by-name.ts';
import type { MadeSoFar } from './made-so-far.ts';

/** One kind of group in a message map. */
export interface GroupKind {
  readonly name: string;
  /** The segments that begin it, in their order. */
  readonly starts: readonly string[];
  readonly holds: ReadonlySet<string>;
  /** The groups it may stand in; empty: the message itself. */
  readonly within: ReadonlySet<string>;
}

/** A group of a message: its segments, the groups inside it, and what was made of them. */
export class GroupNode {
  /** Empty for the message itself. */
  readonly kind: string;
  readonly parent: GroupNode | undefined;
  #groups: Map<string, GroupNode[]> | undefined;
  /** Its own segments, by name. */
  readonly segments = new ByName<Segment>();
  /** What its own segments made, in order, by the name of the message map. */
  readonly made = new ByName<MadeSoFar>();
  /** Every name something was made under in the whole message; with what, and in which group, while that is one thing alone. */
  readonly #known: Map<string, Only | undefined>;

  constructor(kind: string, parent: GroupNode | undefined) {
    this.kind = kind;
    this.parent = parent;
    this.#known = parent === undefined ? new Map() : parent.#known;
    if (parent === undefined) return;
    const groups = (parent.#groups ??= new Map());
    const standing = groups.get(kind);
    if (standing === undefined) groups.set(kind, [this]);
    else standing.push(this);
  }

  /** The groups inside it, by kind. */
  get groups(): ReadonlyMap<string, readonly GroupNode[]> {
    return this.#groups ?? NO_GROUPS;
  }

  /** Whether anything in the message was made under a name. */
  knows(called: string): boolean {
    return this.#known.has(called);
  }

  /** What was made under a name and where, while that is one thing alone. */
  only(called: string): Only | undefined {
    return this.#known.get(called);
  }

  addMade(called: string, made: MadeSoFar): void {
    this.#known.set(called, this.#known.has(called) ? undefined : { group: this, made: [made] });
    if (this.made.get(called)?.at(-1) !== made) this.made.add(called, made);
  }
}

const NO_GROUPS: ReadonlyMap<string, readonly GroupNode[]> = new Map();

interface Only {
  readonly group: GroupNode;
  readonly made: readonly MadeSoFar[];
}

/** The groups of a message; `of` says for each segment, by its position, in which it stands. */
export interface Grouping {
  readonly root: GroupNode;
  readonly of: readonly GroupNode[];
}

/** Puts each segment of a message into its group. Any order of segments is taken: what no open group can hold ends it. */
export function groupSegments(message: Message, kinds: readonly GroupKind[]): Grouping {
  const root = new GroupNode('', undefined);
  const byName = new Map(kinds.map((kind) => [kind.name, kind]));
  const byStart = new Map<string, readonly GroupKind[]>();
  let open = root;
  const of = message.segments.map((segment) => {
    let starting = byStart.get(segment.name);
    if (starting === undefined) byStart.set(segment.name, (starting = kinds.filter((kind) => kind.starts.includes(segment.name))));
    open = starting.length === 0 ? holderOf(segment.name, open, byName) : startOf(segment.name, open, starting);
    open.segments.add(segment.name, segment);
    return open;
  });
  return { root, of };
}

function holderOf(name: string, open: GroupNode, kinds: ReadonlyMap<string, GroupKind>): GroupNode {
  if (open.parent === undefined || kinds.get(open.kind)?.holds.has(name)) return open;
  return holderOf(name, open.parent, kinds);
}

function startOf(name: string, open: GroupNode, kinds: readonly GroupKind[]): GroupNode {
  for (let node: GroupNode | undefined = open; node !== undefined; node = node.parent) {
    const same = kinds.find((kind) => kind.name === node?.kind);
    if (same !== undefined && fits(name, node, same)) return node;
    const inside = kinds.find((kind) => (node?.parent === undefined ? kind.within.size === 0 : kind.within.has(node?.kind ?? '')));
    if (inside !== undefined) return new GroupNode(inside.name, node);
  }
  // Nothing it may stand in is open: it stands in the message, as the first kind it begins.
  const root = rootOf(open);
  return new GroupNode((kinds[0] as GroupKind).name, root);
}

/** Whether the segment goes on with a group it could also begin: an OBR after its ORC. */
function fits(name: string, node: GroupNode, kind: GroupKind): boolean {
  const place = kind.starts.indexOf(name);
  if (node.groups.size > 0) return false;
  return kind.starts.every((start, index) => index < place || node.segments.get(start) === undefined);
}

function rootOf(node: GroupNode): GroupNode {
  return node.parent === undefined ? node : rootOf(node.parent);
}

/** The segment of a name that another refers to: in its group the nearest before it, else the first; else in the group around it. */
export function segmentNear(name: string, group: GroupNode, position: number): Segment | undefined {
  for (let node: GroupNode | undefined = group; node !== undefined; node = node.parent) {
    const standing = node.segments.get(name);
    if (standing === undefined) continue;
    if (standing.length === 1) return standing[0];
    return standing.findLast((segment) => segment.position <= position) ?? standing[0];
  }
  return undefined;
}

/**
 * What a name refers to, seen from a resource: made of the same segment, else in its group and the groups inside it, else in the group
 * around it, and so on; never in a sibling of a group it stands in.
 */
export function madeNear(called: string, group: GroupNode, segment: Segment | undefined): readonly MadeSoFar[] {
  if (!group.knows(called)) return NOTHING;
  const only = group.only(called);
  if (only !== undefined && isWithin(group, only.group)) return only.made;
  let from: GroupNode | undefined;
  for (let node: GroupNode | undefined = group; node !== undefined; node = node.parent) {
    const found = madeIn(called, node, from?.kind);
    if (found.length > 0) {
      const own = from === undefined ? found.filter((made) => made.segment === segment) : [];
      return own.length > 0 ? own : found;
    }
    from = node;
  }
  return NOTHING;
}

function isWithin(group: GroupNode, outer: GroupNode): boolean {
  for (let node: GroupNode | undefined = group; node !== undefined; node = node.parent) if (node === outer) return true;
  return false;
}

const NOTHING: readonly MadeSoFar[] = [];

function madeIn(called: string, node: GroupNode, sibling: string | undefined): readonly MadeSoFar[] {
  const own = node.made.get(called) ?? NOTHING;
  let inner: MadeSoFar[] | undefined;
  for (const [kind, groups] of node.groups) {
    if (kind === sibling) continue;
    for (const group of groups) {
      const found = madeIn(called, group, undefined);
      if (found.length > 0) (inner ??= []).push(...found);
    }
  }
  if (inner === undefined) return own;
  return [...new Set([...own, ...inner])].sort((a, b) => a.segment.position - b.segment.position);
}
