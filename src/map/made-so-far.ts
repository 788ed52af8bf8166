import type { Address } from '../issue/address.ts';
import { addressOf, type Segment } from '../hl7v2/message.ts';
import type { Resource } from '../fhir/resource.ts';
import type { GroupNode } from './groups.ts';
import type { Target } from './target.ts';
import type { Identity, Made } from './translation.ts';
import type { Value } from './value.ts';

/** A resource while the rows of its maps fill it. */
export class MadeSoFar {
  readonly resource: Resource;
  /** What the message map calls it. */
  readonly called: string;
  /** What the translation calls it: which one of that name it is. Empty until it is registered. */
  name = '';
  readonly segment: Segment;
  readonly group: GroupNode;
  readonly spoken: string[] = [];
  readonly cleared: string[] = [];
  readonly nulled: string[] = [];
  identity: Identity = NO_IDENTITY;
  fullUrl = '';
  readonly #origins: Origin[] = [];

  constructor(type: string, called: string, segment: Segment, group: GroupNode) {
    this.resource = { resourceType: type };
    this.called = called;
    this.segment = segment;
    this.group = group;
  }

  /** Remembers where an element came from; `index` is that of its first repeating step, or -1. */
  came(target: Target, index: number, { segment, field, repetition, component, subcomponent }: Value): void {
    this.#origins.push(target, index, segment.address, repetition, (field * PARTS + component) * PARTS + subcomponent);
  }

  toMade(): Made {
    const { name, fullUrl, resource, identity } = this;
    return {
      name,
      fullUrl,
      resource,
      identity,
      cleared: this.cleared.length === 0 ? this.cleared : this.cleared.filter((element) => resource[element] === undefined),
      nulled: this.nulled,
      spoken: this.spoken,
      from: this.segment.address,
      origins: new Origins(resource.resourceType, this.#origins),
    };
  }
}

const NO_IDENTITY: Identity = { keys: [], shared: false };

/** Adds a name to a few, each of which stands there once. */
export function addOnce(names: string[], name: string): void {
  if (!names.includes(name)) names.push(name);
}

/** Where an element came from takes five of these: what was filled, its index, the segment, the repetition, the field and its part. */
type Origin = Target | number | Address;

/** More components than a field has, and subcomponents than a component. */
const PARTS = 64;

/** Where elements came from. The map is built when it is first asked for: until then it keeps nothing of the message alive. */
class Origins implements ReadonlyMap<string, Address> {
  readonly #type: string;
  readonly #entries: readonly Origin[];
  #map: ReadonlyMap<string, Address> | undefined;

  constructor(type: string, entries: readonly Origin[]) {
    this.#type = type;
    this.#entries = entries;
  }

  #read(): ReadonlyMap<string, Address> {
    if (this.#map !== undefined) return this.#map;
    const map = new Map<string, Address>();
    for (let at = 0; at < this.#entries.length; at += 5) {
      const { top, rest } = this.#entries[at] as Target;
      const index = this.#entries[at + 1] as number;
      const address = this.#entries[at + 2] as Address;
      const repetition = this.#entries[at + 3] as number;
      const place = this.#entries[at + 4] as number;
      const path = `${this.#type}.${top}${index < 0 ? '' : `[${index}]`}${rest === '' ? '' : `.${rest}`}`;
      const [field, component, subcomponent] = [place >> 12, (place >> 6) % PARTS, place % PARTS];
      map.set(path, addressOf({ address }, field, repetition, component || undefined, subcomponent || undefined));
    }
    this.#map = map;
    return map;
  }

  get size(): number {
    return this.#read().size;
  }

  get(key: string): Address | undefined {
    return this.#read().get(key);
  }

  has(key: string): boolean {
    return this.#read().has(key);
  }

  forEach(each: (value: Address, key: string, map: ReadonlyMap<string, Address>) => void): void {
    for (const [key, value] of this.#read()) each(value, key, this);
  }

  entries(): MapIterator<[string, Address]> {
    return this.#read().entries();
  }

  keys(): MapIterator<string> {
    return this.#read().keys();
  }

  values(): MapIterator<Address> {
    return this.#read().values();
  }

  [Symbol.iterator](): MapIterator<[string, Address]> {
    return this.entries();
  }
}
