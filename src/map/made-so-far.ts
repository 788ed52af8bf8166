import type { Address } from '../issue/address.ts';
import { addressOf, type Segment } from '../hl7v2/message.ts';
import type { Resource } from '../fhir/resource.ts';
import type { GroupNode } from './groups.ts';
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
  readonly spoken = new Names();
  readonly cleared = new Names();
  readonly nulled = new Names();
  identity: Identity = { keys: [], shared: false };
  fullUrl = '';
  /** Where each element came from, four items each: its path, the index of its first repeating step or -1, the rest of the path, the value. */
  readonly #origins: (string | number | Value)[] = [];

  constructor(type: string, called: string, segment: Segment, group: GroupNode) {
    this.resource = { resourceType: type };
    this.called = called;
    this.segment = segment;
    this.group = group;
  }

  /** Remembers where an element came from. */
  came(head: string, index: number, rest: string, value: Value): void {
    this.#origins.push(head, index, rest, value);
  }

  toMade(): Made {
    const { name, fullUrl, resource, identity } = this;
    return {
      name,
      fullUrl,
      resource,
      identity,
      cleared: this.cleared.list.filter((element) => resource[element] === undefined),
      nulled: this.nulled.list,
      spoken: this.spoken.list,
      from: addressOf(this.segment),
      origins: new Origins(resource.resourceType, this.#origins),
    };
  }
}

/** A few names, each once. */
class Names {
  readonly list: string[] = [];

  add(name: string): this {
    for (const known of this.list) if (known === name) return this;
    this.list.push(name);
    return this;
  }
}

/** Where elements came from. They are asked for only when something is wrong with a resource: the map is built then. */
class Origins implements ReadonlyMap<string, Address> {
  readonly #type: string;
  readonly #entries: readonly (string | number | Value)[];
  #map: ReadonlyMap<string, Address> | undefined;

  constructor(type: string, entries: readonly (string | number | Value)[]) {
    this.#type = type;
    this.#entries = entries;
  }

  #read(): ReadonlyMap<string, Address> {
    if (this.#map !== undefined) return this.#map;
    const map = new Map<string, Address>();
    for (let at = 0; at < this.#entries.length; at += 4) {
      const [head, index, rest, value] = this.#entries.slice(at, at + 4) as [string, number, string, Value];
      map.set(`${this.#type}.${head}${index < 0 ? '' : `[${index}]`}${rest === '' ? '' : `.${rest}`}`, value.address);
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
