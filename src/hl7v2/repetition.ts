import type { Charset } from './charset.ts';
import type { Delimiters } from './delimiters.ts';
import { unescape } from './escape-sequences.ts';
import type { Repetition } from './message.ts';

/** How the values of one message are read. */
export interface Reading {
  readonly delimiters: Delimiters;
  /** What the bytes of \X..\ are in. */
  readonly charset: Charset;
}

/** Two double quotes: the sender says there is no value any more. */
const NULL = '""';

/** What a value without a separator is divided into: it is its own only component. */
const UNDIVIDED: readonly string[] = [];

/** A repetition that is split into components when one is first asked for. */
export class LazyRepetition implements Repetition {
  readonly raw: string;
  readonly #reading: Reading;
  #components: readonly string[] | undefined;
  /** The subcomponents of the component that was asked for last: walking through them must not divide it again for each. */
  #divided: { readonly component: number; readonly parts: readonly string[] } | undefined;

  constructor(raw: string, reading: Reading) {
    this.raw = raw;
    this.#reading = reading;
  }

  get isNull(): boolean {
    return this.raw === NULL;
  }

  get componentCount(): number {
    if (this.raw === '') return 0;
    const components = this.#split();
    return components === UNDIVIDED ? 1 : components.length;
  }

  component(component: number, subcomponent = 1): string {
    const raw = this.rawComponent(component);
    const { subcomponent: separator } = this.#reading.delimiters;
    if (separator === '' || !raw.includes(separator)) return subcomponent === 1 ? this.#meant(raw) : '';
    return this.#meant(this.#partsOf(component, raw)[subcomponent - 1] ?? '');
  }

  subcomponentCount(component: number): number {
    const raw = this.rawComponent(component);
    const { subcomponent: separator } = this.#reading.delimiters;
    return raw === '' ? 0 : separator === '' || !raw.includes(separator) ? 1 : this.#partsOf(component, raw).length;
  }

  rawComponent(component: number): string {
    const components = this.#split();
    if (components === UNDIVIDED) return component === 1 ? this.raw : '';
    return components[component - 1] ?? '';
  }

  text(): string {
    return this.#meant(this.raw);
  }

  #split(): readonly string[] {
    if (this.#components !== undefined) return this.#components;
    const { component } = this.#reading.delimiters;
    // Most values are not divided: to look is cheaper than to split.
    this.#components = this.raw.includes(component) ? this.raw.split(component) : UNDIVIDED;
    return this.#components;
  }

  #partsOf(component: number, raw: string): readonly string[] {
    if (this.#divided?.component !== component) this.#divided = { component, parts: raw.split(this.#reading.delimiters.subcomponent) };
    return this.#divided.parts;
  }

  /** A null is no value: two double quotes in a resource would be an invented fact. */
  #meant(raw: string): string {
    return raw === NULL ? '' : unescape(raw, this.#reading.delimiters, this.#reading.charset);
  }
}

/** MSH-1 and MSH-2: delimiters are the value there and divide nothing. */
export class LiteralRepetition implements Repetition {
  readonly raw: string;
  readonly isNull = false;
  readonly componentCount = 1;

  constructor(raw: string) {
    this.raw = raw;
  }

  component(component: number, subcomponent = 1): string {
    return component === 1 && subcomponent === 1 ? this.raw : '';
  }

  subcomponentCount(component: number): number {
    return component === 1 ? 1 : 0;
  }

  rawComponent(component: number): string {
    return component === 1 ? this.raw : '';
  }

  text(): string {
    return this.raw;
  }
}
