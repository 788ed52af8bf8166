import type { Address } from '../issue/address.ts';
import type { Repetition, Segment } from '../hl7v2/message.ts';

/** Consecutive segments that are one: the first, with the repetitions of one field of all of them. */
export class JoinedSegment implements Segment {
  readonly first: Segment;
  readonly all: readonly Segment[];
  readonly joinedField: number;
  readonly name: string;
  readonly occurrence: number;
  readonly position: number;
  readonly address: Address;
  readonly raw: string;
  /** The segment each repetition of the joined field stands in, and which it is there. */
  readonly places: readonly { readonly segment: Segment; readonly repetition: number }[];
  readonly #repetitions: readonly Repetition[];

  constructor(all: readonly [Segment, ...Segment[]], joinedField: number) {
    const [first] = all;
    this.first = first;
    this.all = all;
    this.joinedField = joinedField;
    this.name = first.name;
    this.occurrence = first.occurrence;
    this.position = first.position;
    this.address = first.address;
    this.raw = first.raw;
    const lines = all.flatMap((segment) => {
      const repetitions = segment.field(joinedField);
      return (repetitions.length === 0 ? [BLANK_LINE] : repetitions).map((line, index) => ({ line, segment, repetition: index + 1 }));
    });
    this.#repetitions = lines.map(({ line }) => line);
    this.places = lines;
  }

  /** The first of the segments may be the one that ends before the joined field. */
  get fieldCount(): number {
    return Math.max(this.first.fieldCount, this.joinedField);
  }

  field(field: number): readonly Repetition[] {
    return field === this.joinedField ? this.#repetitions : this.first.field(field);
  }

  rawField(field: number): string {
    return this.first.rawField(field);
  }

  value(field: number, repetition?: number, component?: number, subcomponent?: number): string {
    return this.first.value(field, repetition, component, subcomponent);
  }
}

/** Where a repetition really stands: in the segment that sent it. */
export function sourceOf(segment: Segment, field: number, index: number): { segment: Segment; repetition: number } {
  if (!(segment instanceof JoinedSegment)) return { segment, repetition: index + 1 };
  if (field !== segment.joinedField) return { segment: segment.first, repetition: index + 1 };
  return segment.places[index] ?? { segment: segment.first, repetition: index + 1 };
}

/** Repetitions as lines of one text. */
export function joinRepetitions(all: readonly Repetition[]): Repetition {
  const [first] = all;
  if (all.length === 1 && first !== undefined) return first;
  return literal(all.map((repetition) => (repetition.isNull ? '' : repetition.text())).join('\n'));
}

function literal(text: string): Repetition {
  return {
    raw: text,
    isNull: false,
    componentCount: 1,
    component: (component, subcomponent = 1) => (component === 1 && subcomponent === 1 ? text : ''),
    subcomponentCount: (component) => (component === 1 ? 1 : 0),
    rawComponent: (component) => (component === 1 ? text : ''),
    text: () => text,
  };
}

/** What a line with nothing in it counts as: the text keeps it. */
const BLANK_LINE = literal('');
