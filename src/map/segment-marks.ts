/** The bit of a whole repetition, beside those of its components. */
const WHOLE = 1;
/** More fields than a segment has. */
const MOST_FIELDS = 1024;
/** More subcomponents than a component has. */
const MOST_PARTS = 64;

/** What was used of one segment. */
export class SegmentMarks {
  /** By field, of its first repetition: bit 0 the whole, bit n component n; undefined when nothing of it was used. */
  readonly #first: (number | undefined)[] = [];
  /** By field and repetition, of the others. */
  #more: Map<number, number> | undefined;
  /** Single subcomponents, and by subcomponent 0 the components they stand in. */
  #parts: Set<number> | undefined;

  /** Component 0 is the whole repetition, subcomponent 0 the whole component. */
  add(field: number, repetition: number, component: number, subcomponent: number): void {
    if (subcomponent === 0) this.#set(field, repetition, component === 0 ? WHOLE : 1 << component);
    else {
      const place = (placeOf(field, repetition) * MOST_PARTS + component) * MOST_PARTS;
      (this.#parts ??= new Set()).add(place).add(place + subcomponent);
      this.#set(field, repetition, 0);
    }
  }

  #set(field: number, repetition: number, bits: number): void {
    const now = (this.#bits(field, repetition) ?? 0) | bits;
    if (repetition === 1) this.#first[field] = now;
    else (this.#more ??= new Map()).set(placeOf(field, repetition), now);
  }

  #bits(field: number, repetition: number): number | undefined {
    return repetition === 1 ? this.#first[field] : this.#more?.get(placeOf(field, repetition));
  }

  /** Whether anything of a repetition was used. */
  has(field: number, repetition: number): boolean {
    return this.#bits(field, repetition) !== undefined;
  }

  /** Whether a repetition was used as a whole. */
  hasWhole(field: number, repetition: number): boolean {
    return ((this.#bits(field, repetition) ?? 0) & WHOLE) !== 0;
  }

  /** Whether a component was used as a whole. */
  hasComponent(field: number, repetition: number, component: number): boolean {
    return component < 31 && ((this.#bits(field, repetition) ?? 0) & (1 << component)) !== 0;
  }

  /** Whether a subcomponent was used; without one, whether any of the component was. */
  hasPart(field: number, repetition: number, component: number, subcomponent = 0): boolean {
    return this.#parts?.has((placeOf(field, repetition) * MOST_PARTS + component) * MOST_PARTS + subcomponent) === true;
  }

  /** Takes over what was used of another segment's field. */
  copy(other: SegmentMarks, field: number, repetitions: number): void {
    for (let repetition = 1; repetition <= repetitions; repetition++) {
      const bits = other.#bits(field, repetition);
      if (bits !== undefined) this.#set(field, repetition, bits);
    }
  }
}

/** A number for a repetition of a field; a small one for those that are met. */
function placeOf(field: number, repetition: number): number {
  return repetition * MOST_FIELDS + field;
}
