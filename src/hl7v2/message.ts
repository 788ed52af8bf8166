import type { Address } from '../issue/address.ts';
import type { Delimiters } from './delimiters.ts';

/** A parsed message. Segments keep their order; fields are split when they are first asked for. */
export interface Message {
  readonly delimiters: Delimiters;
  readonly segments: readonly Segment[];
  /** The MSH. */
  readonly header: Segment;
}

/** One segment. Every position counts from 1; in MSH, field 1 is the separator itself and field 2 the encoding characters. */
export interface Segment {
  readonly name: string;
  /** Which of its name in the message, from 1. */
  readonly occurrence: number;
  /** Its place in Message.segments, from 0. */
  readonly position: number;
  readonly address: Address;
  /** As it was sent, without its end. */
  readonly raw: string;
  /** The highest field sent, valued or not. */
  readonly fieldCount: number;
  /** The repetitions of a field in order; none when it was not sent or is empty. */
  field(field: number): readonly Repetition[];
  /** The field as it was sent, repetitions, escapes and all. */
  rawField(field: number): string;
  /** A value, decoded: the first subcomponent where none is named. Empty when it was not sent. */
  value(field: number, repetition?: number, component?: number, subcomponent?: number): string;
}

/** One repetition of a field. */
export interface Repetition {
  readonly raw: string;
  /** Two double quotes: the sender says there is no value any more. */
  readonly isNull: boolean;
  readonly componentCount: number;
  /** Decoded. With no subcomponent named: the first. */
  component(component: number, subcomponent?: number): string;
  /** How many subcomponents a component has; 0 when it is empty. */
  subcomponentCount(component: number): number;
  /** The component as it was sent. */
  rawComponent(component: number): string;
  /** The whole repetition decoded as one text: what ST, TX and FT hold, where a stray component separator is a character like others. */
  text(): string;
}

/** The address of a segment, or of a place in it. */
export function addressOf(
  { address }: Pick<Segment, 'address'>,
  field?: number,
  repetition?: number,
  component?: number,
  subcomponent?: number,
): Address {
  if (field === undefined) return address;
  const { segment, occurrence } = address;
  // Of most values the place of the whole repetition is asked for.
  if (repetition !== undefined && component === undefined) return { segment, occurrence, field, repetition };
  return {
    segment,
    occurrence,
    field,
    ...(repetition === undefined ? {} : { repetition }),
    ...(component === undefined ? {} : { component }),
    ...(subcomponent === undefined ? {} : { subcomponent }),
  };
}
