import type { Address } from '../issue/address.ts';
import type { Repetition, Segment } from './message.ts';
import { isHeaderSegment } from './read-delimiters.ts';
import { LazyRepetition, LiteralRepetition, type Reading } from './repetition.ts';

const NOTHING: readonly Repetition[] = [];

/** A segment that keeps its line and splits it when a field is first asked for. */
export class LazySegment implements Segment {
  readonly name: string;
  readonly occurrence: number;
  readonly position: number;
  readonly address: Address;
  readonly raw: string;
  readonly #reading: Reading;
  /** 1 in MSH, BHS and FHS, whose first field is the separator and stands in no split. */
  readonly #shift: number;
  #fields: readonly string[] | undefined;
  #repetitions: (readonly Repetition[] | undefined)[] | undefined;

  constructor(raw: string, name: string, occurrence: number, position: number, reading: Reading) {
    this.raw = raw;
    this.name = name;
    this.occurrence = occurrence;
    this.position = position;
    this.address = { segment: name, occurrence };
    this.#reading = reading;
    this.#shift = isHeaderSegment(name) ? 1 : 0;
  }

  get fieldCount(): number {
    return this.#split().length - 1 + this.#shift;
  }

  rawField(field: number): string {
    if (field < 1) return '';
    if (this.#shift === 1 && field === 1) return this.#reading.delimiters.field;
    return this.#split()[field - this.#shift] ?? '';
  }

  field(field: number): readonly Repetition[] {
    const raw = this.rawField(field);
    // Most fields anybody asks for are empty: they take no room.
    if (raw === '') return NOTHING;
    this.#repetitions ??= [];
    return (this.#repetitions[field] ??= this.#repeat(field, raw));
  }

  value(field: number, repetition = 1, component = 1, subcomponent = 1): string {
    return this.field(field)[repetition - 1]?.component(component, subcomponent) ?? '';
  }

  #repeat(field: number, raw: string): readonly Repetition[] {
    if (this.#shift === 1 && field <= 2) return [new LiteralRepetition(raw)];
    const separator = this.#reading.delimiters.repetition;
    if (!raw.includes(separator)) return [new LazyRepetition(raw, this.#reading)];
    return raw.split(separator).map((part) => new LazyRepetition(part, this.#reading));
  }

  #split(): readonly string[] {
    return (this.#fields ??= this.raw.split(this.#reading.delimiters.field));
  }
}
