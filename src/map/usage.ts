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
  /** Five numbers an entry: segment position, field, repetition, component, subcomponent. */
  readonly #log: number[] = [];
  readonly #aliases: [Segment, Segment][] = [];

  add(value: Value): void {
    this.addPlace(value.segment, value.field, value.repetition, value.component, value.subcomponent);
  }

  addPlace(segment: Segment, field: number, repetition: number, component: number, subcomponent: number): void {
    this.#log.push(segment.position, field, repetition, component, subcomponent);
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
    return message.segments.flatMap((segment) => {
      const marks = used[segment.position];
      const whole = marks === undefined && segment.position > 0;
      return whole ? [formatAddress(addressOf(segment))] : unusedFields(segment, marks ?? []);
    });
  }

  #bySegment(count: number): (SegmentMarks | undefined)[] {
    const used: (SegmentMarks | undefined)[] = Array.from({ length: count }, () => undefined);
    const log = this.#log;
    for (let at = 0; at < log.length; at += 5) {
      const position = log[at] as number;
      const field = log[at + 1] as number;
      const index = (log[at + 2] as number) - 1;
      const component = log[at + 3] as number;
      const subcomponent = log[at + 4] as number;
      const repetitions = ((used[position] ??= [])[field] ??= []);
      const marks = (repetitions[index] ??= { components: 0, parts: undefined });
      if (subcomponent === 0) marks.components |= component === 0 ? WHOLE : 1 << component;
      else (marks.parts ??= new Set()).add(component * 1000 + subcomponent);
    }
    for (const [first, other] of this.#aliases) {
      const marks = used[first.position];
      const own = (used[other.position] ??= []);
      for (let field = 1; field <= other.fieldCount; field++) {
        if (own[field] === undefined && other.rawField(field) === first.rawField(field)) own[field] = marks?.[field];
      }
    }
    return used;
  }
}

interface Marks {
  /** Bit 0: the whole; bit n: component n. */
  components: number;
  /** component * 1000 + subcomponent. */
  parts: Set<number> | undefined;
}

type SegmentMarks = (Marks[] | undefined)[];

function unusedFields(segment: Segment, marks: SegmentMarks): string[] {
  const found: string[] = [];
  for (let field = segment.name === 'MSH' ? 3 : 1; field <= segment.fieldCount; field++) {
    if (segment.rawField(field) === '') continue;
    const repetitions = segment.field(field);
    const used = marks[field];
    for (let index = 0; index < repetitions.length; index++) {
      const repetition = repetitions[index] as Repetition;
      const mark = used?.[index];
      if (mark !== undefined && (mark.components & WHOLE) !== 0) continue;
      if (isBlank(repetition)) continue;
      if (mark === undefined) {
        if (!isOwnPosition(segment, field)) found.push(formatAddress(addressOf(segment, field, index + 1)));
      } else unusedParts(segment, field, index + 1, repetition, mark, found);
    }
  }
  return found;
}

function unusedParts(segment: Segment, field: number, number: number, repetition: Repetition, mark: Marks, found: string[]): void {
  for (let component = 1; component <= repetition.componentCount; component++) {
    if ((mark.components & (1 << component)) !== 0 && component < 31) continue;
    const parts = repetition.subcomponentCount(component);
    const nested = parts > 1 && someOf(mark, component);
    if (nested) {
      for (let part = 1; part <= parts; part++) {
        if (mark.parts?.has(component * 1000 + part) || repetition.component(component, part) === '') continue;
        found.push(formatAddress(addressOf(segment, field, number, component, part)));
      }
    } else if (!isNothing(repetition.rawComponent(component)) && !someOf(mark, component)) {
      found.push(formatAddress(addressOf(segment, field, number, component)));
    }
  }
}

function someOf(mark: Marks, component: number): boolean {
  if (mark.parts === undefined) return false;
  for (const part of mark.parts) if (Math.trunc(part / 1000) === component) return true;
  return false;
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
