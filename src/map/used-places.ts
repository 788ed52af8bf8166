import type { Segment } from '../hl7v2/message.ts';

/** The bit of a whole repetition; those after it are its components, as far as they go. */
const WHOLE = 1;
const LAST_BIT = 30;
/** The bit of a repetition something of was used, and of a segment in place of its field 0. */
const TOUCHED = 1 << 31;
/** More repetitions than a field has. */
const MOST_REPETITIONS = 2 ** 20;
/** Components times subcomponents, 64 of each. */
const PARTS = 64 * 64;

/** What was used of a message. Nearly all of it is the first repetition of a field: these are one list of numbers for the whole message. */
export class UsedPlaces {
  /** Where in the list the fields of each segment begin, by its position. */
  readonly #starts: Int32Array;
  readonly #first: Int32Array;
  /** Of other repetitions. */
  readonly #more = new Map<number, number>();
  /** Single subcomponents, and by subcomponent 0 the components they stand in. */
  readonly #parts = new Set<number>();

  constructor(segments: readonly Segment[]) {
    this.#starts = new Int32Array(segments.length + 1);
    let start = 0;
    for (const { position, fieldCount } of segments) {
      start += fieldCount + 1;
      this.#starts[position + 1] = start;
    }
    this.#first = new Int32Array(start);
  }

  /** Component 0 is the whole repetition, subcomponent 0 the whole component. */
  add(position: number, field: number, repetition: number, component: number, subcomponent: number): void {
    this.touch(position);
    const place = this.#placeOf(position, field);
    // A line without the field that is joined stands for a blank one.
    if (place >= (this.#starts[position + 1] ?? 0)) return;
    if (subcomponent === 0) this.#mark(place, repetition, TOUCHED | (component === 0 ? WHOLE : component > LAST_BIT ? 0 : 1 << component));
    else {
      this.#mark(place, repetition, TOUCHED);
      const whole = (place * MOST_REPETITIONS + repetition) * PARTS + component * 64;
      this.#parts.add(whole).add(whole + subcomponent);
    }
  }

  /** Something of a segment was used. */
  touch(position: number): void {
    this.#mark(this.#placeOf(position, 0), 1, TOUCHED);
  }

  #placeOf(position: number, field: number): number {
    return (this.#starts[position] ?? 0) + field;
  }

  #mark(place: number, repetition: number, bits: number): void {
    if (repetition === 1) this.#first[place] = (this.#first[place] ?? 0) | bits;
    else this.#more.set(place * MOST_REPETITIONS + repetition, this.#bits(place, repetition) | bits);
  }

  #bits(place: number, repetition: number): number {
    return (repetition === 1 ? this.#first[place] : this.#more.get(place * MOST_REPETITIONS + repetition)) ?? 0;
  }

  /** Whether anything of a segment was used. */
  hasSegment(position: number): boolean {
    return this.has(position, 0, 1);
  }

  /** Whether anything of a repetition was used. */
  has(position: number, field: number, repetition: number): boolean {
    return this.#bits(this.#placeOf(position, field), repetition) !== 0;
  }

  /** Whether a repetition was used as a whole. */
  hasWhole(position: number, field: number, repetition: number): boolean {
    return (this.#bits(this.#placeOf(position, field), repetition) & WHOLE) !== 0;
  }

  /** Whether a component was used as a whole. */
  hasComponent(position: number, field: number, repetition: number, component: number): boolean {
    return component <= LAST_BIT && (this.#bits(this.#placeOf(position, field), repetition) & (1 << component)) !== 0;
  }

  /** Whether a subcomponent was used; without one, whether any of the component was. */
  hasPart(position: number, field: number, repetition: number, component: number, subcomponent = 0): boolean {
    if (this.#parts.size === 0) return false;
    const place = this.#placeOf(position, field);
    return this.#parts.has((place * MOST_REPETITIONS + repetition) * PARTS + component * 64 + subcomponent);
  }

  /** Counts what was used of a field as used of the same field of another segment. */
  copy(from: number, to: number, field: number, repetitions: number): void {
    for (let repetition = 1; repetition <= repetitions; repetition++)
      this.#mark(this.#placeOf(to, field), repetition, this.#bits(this.#placeOf(from, field), repetition));
  }
}
