import {
  type CompositeValue,
  type DateValue,
  type IndexValues,
  normaliseString,
  type NumberValue,
  type QuantityValue,
  type ReferenceValue,
  type StringValue,
  type TokenValue,
  type UriValue,
} from './index-values.ts';
import type { Resource } from './resource.ts';

/** From how many values on doubles are looked up and no longer compared one by one. */
const MANY = 48;

type Same<T> = (one: T, other: T) => boolean;

/** The values of one kind, without doubles. */
class Kind<T extends { readonly parameter: string }> {
  readonly list: T[] = [];
  readonly #same: Same<T>;
  #keys: Set<string> | undefined;

  constructor(same: Same<T>) {
    this.#same = same;
  }

  add(value: T): void {
    const { list } = this;
    if (list.length >= MANY) {
      this.#keys ??= new Set(list.map((one) => JSON.stringify(one)));
      const key = JSON.stringify(value);
      if (this.#keys.has(key)) return;
      this.#keys.add(key);
    } else {
      for (let place = list.length - 1; place >= 0; place--) {
        const one = list[place] as T;
        if (one.parameter === value.parameter && this.#same(one, value)) return;
      }
    }
    list.push(value);
  }
}

const sameValue: Same<{ readonly value: string }> = (one, other) => one.value === other.value;
const sameSpan: Same<{ readonly low: number; readonly high: number }> = (one, other) => one.low === other.low && one.high === other.high;
const sameNumber: Same<NumberValue> = (one, other) => one.value === other.value && sameSpan(one, other);
const sameJson: Same<unknown> = (one, other) => one === other || JSON.stringify(one) === JSON.stringify(other);
const sameToken: Same<TokenValue> = (one, other) =>
  one.code === other.code && one.system === other.system && one.text === other.text && sameJson(one.types, other.types);
const sameQuantity: Same<QuantityValue> = (one, other) =>
  sameNumber(one, other) && one.code === other.code && one.system === other.system && one.unit === other.unit;
const sameReference: Same<ReferenceValue> = (one, other) =>
  one.type === other.type && one.id === other.id && one.url === other.url && sameJson(one.identifier, other.identifier);

const NONE: readonly never[] = Object.freeze([]);

/** Gathers the values a resource, or one part of a composite, can be found by. */
export class IndexSink {
  readonly place: 'resource' | 'composite';
  readonly resource: Resource;
  #tokens: Kind<TokenValue> | undefined;
  #strings: Kind<StringValue> | undefined;
  #dates: Kind<DateValue> | undefined;
  #numbers: Kind<NumberValue> | undefined;
  #quantities: Kind<QuantityValue> | undefined;
  #references: Kind<ReferenceValue> | undefined;
  #uris: Kind<UriValue> | undefined;
  #composites: Kind<CompositeValue> | undefined;

  constructor(place: 'resource' | 'composite', resource: Resource) {
    this.place = place;
    this.resource = resource;
  }

  token(value: TokenValue): void {
    (this.#tokens ??= new Kind(sameToken)).add(value);
  }

  string(parameter: string, value: string): void {
    if (value !== '') (this.#strings ??= new Kind<StringValue>(sameValue)).add({ parameter, value, normalised: normaliseString(value) });
  }

  date(value: DateValue): void {
    (this.#dates ??= new Kind<DateValue>(sameSpan)).add(value);
  }

  number(value: NumberValue): void {
    (this.#numbers ??= new Kind(sameNumber)).add(value);
  }

  quantity(value: QuantityValue): void {
    (this.#quantities ??= new Kind(sameQuantity)).add(value);
  }

  reference(value: ReferenceValue): void {
    (this.#references ??= new Kind(sameReference)).add(value);
  }

  uri(parameter: string, value: string): void {
    if (value !== '') (this.#uris ??= new Kind<UriValue>(sameValue)).add({ parameter, value });
  }

  composite(value: CompositeValue): void {
    (this.#composites ??= new Kind<CompositeValue>(sameJson)).add(value);
  }

  /** Whether nothing was gathered. */
  get isEmpty(): boolean {
    const kinds = this.#tokens ?? this.#strings ?? this.#dates ?? this.#numbers ?? this.#quantities ?? this.#references ?? this.#uris;
    return (kinds ?? this.#composites) === undefined;
  }

  /** What was gathered. */
  values(): IndexValues {
    return {
      tokens: this.#tokens?.list ?? NONE,
      strings: this.#strings?.list ?? NONE,
      dates: this.#dates?.list ?? NONE,
      numbers: this.#numbers?.list ?? NONE,
      quantities: this.#quantities?.list ?? NONE,
      references: this.#references?.list ?? NONE,
      uris: this.#uris?.list ?? NONE,
      composites: this.#composites?.list ?? NONE,
    };
  }
}
