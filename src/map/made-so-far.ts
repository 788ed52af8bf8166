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
  readonly spoken = new Set<string>();
  readonly cleared = new Set<string>();
  identity: Identity = { keys: [], shared: false };
  fullUrl = '';
  /** Where each element came from: its path, the index of its first repeating step or -1, the rest of the path, the value. */
  readonly #origins: [string, number, string, Value][] = [];

  constructor(type: string, called: string, segment: Segment, group: GroupNode) {
    this.resource = { resourceType: type };
    this.called = called;
    this.segment = segment;
    this.group = group;
  }

  /** Remembers where an element came from. */
  came(head: string, index: number, rest: string, value: Value): void {
    this.#origins.push([head, index, rest, value]);
  }

  toMade(): Made {
    const resource = this.resource;
    const origins = this.#origins;
    let read: ReadonlyMap<string, Address> | undefined;
    const made = {
      name: this.name,
      fullUrl: this.fullUrl,
      resource,
      identity: this.identity,
      cleared: [...this.cleared].filter((element) => resource[element] === undefined),
      spoken: [...this.spoken],
      from: addressOf(this.segment),
      // Read only when something is wrong with the resource: built then.
      get origins() {
        return (read ??= new Map(
          origins.map(([head, index, rest, value]) => [
            `${resource.resourceType}.${head}${index < 0 ? '' : `[${index}]`}${rest === '' ? '' : `.${rest}`}`,
            value.address,
          ]),
        ));
      },
    };
    return made;
  }
}
