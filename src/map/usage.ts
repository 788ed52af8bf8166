import { formatAddress } from '../issue/address.ts';
import { addressOf, type Message, type Repetition, type Segment } from '../hl7v2/message.ts';
import { fieldOf } from '../hl7v2/fields.ts';
import { UsedPlaces } from './used-places.ts';
import type { Value } from './value.ts';

/** Components times subcomponents, 64 of each: twelve bits. */
const PARTS = 64 * 64;

/**
 * Which places of a message gave something. What one resource uses is kept in order until the resource is made, so that it can be taken
 * back when it is not.
 */
export class Usage {
  readonly #message: Message;
  /** Three small numbers an entry: the segment's position, the field with the part of it, the repetition. */
  readonly #log: number[] = [];
  /** How much of the log counts: its room is used again for the next resource. */
  #length = 0;
  #used: UsedPlaces | undefined;
  readonly #aliases: [Segment, Segment][] = [];

  constructor(message: Message) {
    this.#message = message;
  }

  add(value: Value): void {
    this.addPlace(value.segment, value.field, value.repetition, value.component, value.subcomponent);
  }

  /** Adds what of a value is a code: the first component of a repetition. */
  addCode(value: Value): void {
    if (value.component === 0) this.addPart(value, 1);
    else this.add(value);
  }

  /** Adds a part of a value: a component of a repetition, a subcomponent of a component. */
  addPart(value: Value, part: number, below = 0): void {
    const { segment, field, repetition, component } = value;
    if (component === 0) this.addPlace(segment, field, repetition, part, below);
    else this.addPlace(segment, field, repetition, component, part);
  }

  addPlace(segment: Segment, field: number, repetition: number, component: number, subcomponent: number): void {
    this.#push(segment.position, field * PARTS + component * 64 + subcomponent, repetition);
  }

  /** Adds parts of a whole value, as partsSince gave them for another. */
  addParts(value: Value, parts: readonly number[]): void {
    const { segment, field, repetition } = value;
    for (const part of parts) this.#push(segment.position, field * PARTS + part, repetition);
  }

  #push(position: number, place: number, repetition: number): void {
    const at = this.#length;
    this.#log[at] = position;
    this.#log[at + 1] = place;
    this.#log[at + 2] = repetition;
    this.#length = at + 3;
  }

  /** What was added after a mark, all of it of this value: the parts without the value's place, and the whole where they leave nothing over. */
  partsSince(mark: number, { source }: Value): number[] {
    const parts: number[] = [];
    for (let at = mark + 1; at < this.#length; at += 3) parts.push((this.#log[at] as number) % PARTS);
    return parts.length > 0 && isCovered(source, parts) ? [0] : parts;
  }

  /** What was used of a segment was used of another too, in the fields that say the same in both: they were taken as one. */
  alias(first: Segment, other: Segment): void {
    this.#aliases.push([first, other]);
  }

  /** Where the log stands, for takeBack. */
  get mark(): number {
    return this.#length;
  }

  /** Forgets what was added after a mark. */
  takeBack(mark: number): void {
    this.#length = mark;
  }

  /** What was added so far is used for good. */
  settle(): UsedPlaces {
    const used = (this.#used ??= new UsedPlaces(this.#message.segments));
    for (let at = 0; at < this.#length; at += 3) {
      const place = this.#log[at + 1] as number;
      used.add(this.#log[at] as number, place >> 12, this.#log[at + 2] as number, (place >> 6) & 63, place & 63);
    }
    this.#length = 0;
    return used;
  }

  /**
   * Every valued place nothing was made of: a whole segment by its name, a field, a repetition or a component.
   *
   * Shape: ['PID-31', 'PID-3[2]', 'PID-5.8', 'ZPD']
   */
  unused(): string[] {
    const used = this.settle();
    for (const [first, other] of this.#aliases) takeOver(used, first, other);
    const found: string[] = [];
    for (const segment of this.#message.segments) {
      if (segment.position > 0 && !used.hasSegment(segment.position)) found.push(formatAddress(segment.address));
      else unusedFields(segment, used, found);
    }
    return found;
  }
}

function takeOver(used: UsedPlaces, first: Segment, other: Segment): void {
  used.touch(other.position);
  for (let field = 1; field <= other.fieldCount; field++) {
    if (!used.has(other.position, field, 1) && other.rawField(field) === first.rawField(field))
      used.copy(first.position, other.position, field, first.field(field).length);
  }
}

function unusedFields(segment: Segment, used: UsedPlaces, found: string[]): void {
  const { position } = segment;
  for (let field = segment.name === 'MSH' ? 3 : 1; field <= segment.fieldCount; field++) {
    const repetitions = segment.field(field);
    for (let number = 1; number <= repetitions.length; number++) {
      if (used.hasWhole(position, field, number)) continue;
      const repetition = repetitions[number - 1] as Repetition;
      if (used.has(position, field, number)) unusedParts(segment, field, number, repetition, used, found);
      else if (!isBlank(repetition) && !isOwnPosition(segment, field)) found.push(formatAddress(addressOf(segment, field, number)));
    }
  }
}

function unusedParts(segment: Segment, field: number, number: number, repetition: Repetition, used: UsedPlaces, found: string[]): void {
  const { position } = segment;
  for (let component = 1; component <= repetition.componentCount; component++) {
    if (used.hasComponent(position, field, number, component) || isNothing(repetition.rawComponent(component))) continue;
    if (!used.hasPart(position, field, number, component)) {
      found.push(formatAddress(addressOf(segment, field, number, component)));
      continue;
    }
    for (let part = 1; part <= repetition.subcomponentCount(component); part++) {
      if (used.hasPart(position, field, number, component, part) || repetition.component(component, part) === '') continue;
      found.push(formatAddress(addressOf(segment, field, number, component, part)));
    }
  }
}

/** Whether some parts of a repetition are all there is in it. */
function isCovered(repetition: Repetition, parts: readonly number[]): boolean {
  for (let component = 1; component <= repetition.componentCount; component++) {
    if (parts.includes(component * 64) || isNothing(repetition.rawComponent(component))) continue;
    for (let part = 1; part <= repetition.subcomponentCount(component); part++) {
      if (!parts.includes(component * 64 + part) && repetition.component(component, part) !== '') return false;
    }
  }
  return true;
}

const isNothing = (raw: string) => raw === '' || raw === '""';

/** Separators alone say nothing, and a null was taken as one. */
function isBlank(repetition: Repetition): boolean {
  if (repetition.isNull) return true;
  for (let component = 1; component <= repetition.componentCount; component++) {
    const raw = repetition.rawComponent(component);
    if (isNothing(raw)) continue;
    for (let part = 1; part <= repetition.subcomponentCount(component); part++) {
      if (repetition.component(component, part) !== '') return false;
    }
  }
  return true;
}

/** A set id that only counts the segment, in the message or in its group: the order of the segments says the same. */
function isOwnPosition(segment: Segment, field: number): boolean {
  if (field !== 1 || fieldOf(segment.name, 1)?.type !== 'SI') return false;
  const text = segment.rawField(1);
  const number = Number(text);
  return Number.isInteger(number) && number >= 1 && number <= segment.occurrence && text.length < 6;
}
