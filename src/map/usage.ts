import { formatAddress } from '../issue/address.ts';
import { addressOf, type Message, type Repetition, type Segment } from '../hl7v2/message.ts';
import { fieldOf } from '../hl7v2/fields.ts';
import type { Value } from './value.ts';

const WHOLE = 1;

/**
 * Which places of a message gave something. Entries are kept in order, so that what a resource used can be taken back when the resource
 * is not made after all.
 */
export class Usage {
  /** Three small numbers an entry: the segment's position, the field with the part of it, the repetition. */
  readonly #log: number[] = [];
  readonly #aliases: [Segment, Segment][] = [];

  add(value: Value): void {
    this.addPlace(value.segment, value.field, value.repetition, value.component, value.subcomponent);
  }

  addPlace(segment: Segment, field: number, repetition: number, component: number, subcomponent: number): void {
    this.#log.push(segment.position, field * PARTS + component * 64 + subcomponent, repetition);
  }

  /** Adds parts of a whole value, as partsSince gave them for another. */
  addParts(value: Value, parts: readonly number[]): void {
    const { segment, field, repetition } = value;
    for (const part of parts) this.#log.push(segment.position, field * PARTS + part, repetition);
  }

  /** What was added after a mark, all of it of one value: the parts without the value's place. */
  partsSince(mark: number): number[] {
    const parts: number[] = [];
    for (let at = mark + 1; at < this.#log.length; at += 3) parts.push((this.#log[at] as number) % PARTS);
    return parts;
  }

  /** What was used of a segment was used of another too, in the fields that say the same in both: they were taken as one. */
  alias(first: Segment, other: Segment): void {
    this.#aliases.push([first, other]);
  }

  /** Where the log stands, for takeBack. */
  get mark(): number {
    return this.#log.length;
  }

  /** Forgets what was added after a mark. */
  takeBack(mark: number): void {
    this.#log.length = mark;
  }

  /**
   * Every valued place nothing was made of: a whole segment by its name, a field, a repetition or a component.
   *
   * Shape: ['PID-31', 'PID-3[2]', 'PID-5.8', 'ZPD']
   */
  unused(message: Message): string[] {
    const used = this.#bySegment(message.segments.length);
    const found: string[] = [];
    for (const segment of message.segments) {
      const marks = used[segment.position];
      if (marks === undefined && segment.position > 0) found.push(formatAddress(addressOf(segment)));
      else unusedFields(segment, marks, found);
    }
    return found;
  }

  #bySegment(count: number): (SegmentMarks | undefined)[] {
    const used: (SegmentMarks | undefined)[] = Array.from({ length: count }, () => undefined);
    const log = this.#log;
    for (let at = 0; at < log.length; at += 3) {
      const place = log[at + 1] as number;
      (used[log[at] as number] ??= new SegmentMarks()).add(place >> 12, log[at + 2] as number, (place >> 6) & 63, place & 63);
    }
    for (const [first, other] of this.#aliases) {
      const marks = used[first.position];
      const own = (used[other.position] ??= new SegmentMarks());
      for (let field = 1; field <= other.fieldCount; field++) {
        if (marks !== undefined && !own.has(field) && other.rawField(field) === first.rawField(field))
          own.copy(marks, field, first.field(field).length);
      }
    }
    return used;
  }
}

/** More repetitions than any field has. */
const MOST_REPETITIONS = 2 ** 20;
/** Components times subcomponents, 64 of each: twelve bits. */
const PARTS = 64 * 64;

/** What was used of one segment. */
class SegmentMarks {
  /** By field, of its first repetition: bit 0 the whole, bit n component n. */
  readonly #first: number[] = [];
  /** By field and repetition, of the others. */
  #more: Map<number, number> | undefined;
  /** Single subcomponents. */
  #parts: Set<string> | undefined;

  add(field: number, repetition: number, component: number, subcomponent: number): void {
    if (subcomponent !== 0) {
      const place = field * MOST_REPETITIONS + repetition;
      (this.#parts ??= new Set()).add(`${place} ${component}`).add(`${place} ${component} ${subcomponent}`);
      this.#set(field, repetition, 0);
    } else this.#set(field, repetition, component === 0 ? WHOLE : 1 << component);
  }

  #set(field: number, repetition: number, bits: number): void {
    if (repetition === 1) {
      while (this.#first.length <= field) this.#first.push(-1);
      const standing = this.#first[field] as number;
      this.#first[field] = standing === -1 ? bits : standing | bits;
      return;
    }
    const more = (this.#more ??= new Map());
    const place = field * MOST_REPETITIONS + repetition;
    more.set(place, (more.get(place) ?? 0) | bits);
  }

  /** The bits of a repetition; -1 when nothing of it was used. */
  bits(field: number, repetition: number): number {
    if (repetition === 1) return this.#first[field] ?? -1;
    return this.#more?.get(field * MOST_REPETITIONS + repetition) ?? -1;
  }

  has(field: number): boolean {
    return this.bits(field, 1) !== -1;
  }

  /** Whether a subcomponent was used; without one, whether any of the component was. */
  hasPart(field: number, repetition: number, component: number, subcomponent?: number): boolean {
    if (this.#parts === undefined) return false;
    const place = field * MOST_REPETITIONS + repetition;
    return this.#parts.has(subcomponent === undefined ? `${place} ${component}` : `${place} ${component} ${subcomponent}`);
  }

  copy(other: SegmentMarks, field: number, repetitions: number): void {
    for (let repetition = 1; repetition <= repetitions; repetition++) {
      const bits = other.bits(field, repetition);
      if (bits !== -1) this.#set(field, repetition, bits);
    }
  }
}

function unusedFields(segment: Segment, marks: SegmentMarks | undefined, found: string[]): void {
  for (let field = segment.name === 'MSH' ? 3 : 1; field <= segment.fieldCount; field++) {
    if (segment.rawField(field) === '') continue;
    const repetitions = segment.field(field);
    for (let number = 1; number <= repetitions.length; number++) {
      const repetition = repetitions[number - 1] as Repetition;
      const bits = marks?.bits(field, number) ?? -1;
      if (bits !== -1 && (bits & WHOLE) !== 0) continue;
      if (bits === -1) {
        if (!isBlank(repetition) && !isOwnPosition(segment, field)) found.push(formatAddress(addressOf(segment, field, number)));
      } else unusedParts(segment, field, number, repetition, bits, marks as SegmentMarks, found);
    }
  }
}

function unusedParts(
  segment: Segment,
  field: number,
  number: number,
  repetition: Repetition,
  bits: number,
  marks: SegmentMarks,
  found: string[],
): void {
  for (let component = 1; component <= repetition.componentCount; component++) {
    if ((bits & (1 << component)) !== 0 && component < 31) continue;
    if (isNothing(repetition.rawComponent(component))) continue;
    if (!marks.hasPart(field, number, component)) {
      found.push(formatAddress(addressOf(segment, field, number, component)));
      continue;
    }
    for (let part = 1; part <= repetition.subcomponentCount(component); part++) {
      if (marks.hasPart(field, number, component, part) || repetition.component(component, part) === '') continue;
      found.push(formatAddress(addressOf(segment, field, number, component, part)));
    }
  }
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
