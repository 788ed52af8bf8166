import type { Address } from '../issue/address.ts';
import { addressOf, type Repetition, type Segment } from '../hl7v2/message.ts';

/** One v2 value on its way into a resource: a repetition of a field, a component of it, or a subcomponent. */
export class Value {
  readonly segment: Segment;
  readonly field: number;
  /** From 1. */
  readonly repetition: number;
  readonly source: Repetition;
  /** 0: the whole repetition. */
  readonly component: number;
  /** 0: the whole component. */
  readonly subcomponent: number;

  constructor(segment: Segment, field: number, repetition: number, source: Repetition, component = 0, subcomponent = 0) {
    this.segment = segment;
    this.field = field;
    this.repetition = repetition;
    this.source = source;
    this.component = component;
    this.subcomponent = subcomponent;
  }

  /** The first of its parts, decoded: what a coded value, a number or a time is read from. */
  get first(): string {
    return this.source.component(this.component || 1, this.subcomponent || 1);
  }

  /** All of it as one text: a separator in it is a character like others. */
  get text(): string {
    if (this.component === 0) return this.source.text();
    const count = this.subcomponent === 0 ? this.source.subcomponentCount(this.component) : 0;
    if (count <= 1) return this.first;
    const parts = Array.from({ length: count }, (_, index) => this.source.component(this.component, index + 1));
    return parts.join('&');
  }

  /** One of its parts: a component of a field, a subcomponent of a component. */
  part(number: number, below = 1): string {
    if (this.component === 0) return this.source.component(number, below);
    if (this.subcomponent !== 0) return number === 1 && below === 1 ? this.first : '';
    return below === 1 ? this.source.component(this.component, number) : '';
  }

  /** A part as a value of its own. */
  child(number: number, below = 0): Value {
    if (this.component === 0) return new Value(this.segment, this.field, this.repetition, this.source, number, below);
    return new Value(this.segment, this.field, this.repetition, this.source, this.component, number);
  }

  /** Whether anything is in it. */
  get valued(): boolean {
    if (this.component === 0) return this.source.raw !== '' && !this.source.isNull;
    if (this.subcomponent !== 0) return this.first !== '';
    const raw = this.source.rawComponent(this.component);
    return raw !== '' && raw !== '""';
  }

  get address(): Address {
    return addressOf(this.segment, this.field, this.repetition, this.component || undefined, this.subcomponent || undefined);
  }
}
