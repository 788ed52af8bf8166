/**
 * What a resource can be found by: the values of its search parameters, taken out once when it is written.
 * Every list is without doubles. A parameter without a value has no entry, which is what :missing asks.
 */
export interface IndexValues {
  readonly tokens: readonly TokenValue[];
  readonly strings: readonly StringValue[];
  readonly dates: readonly DateValue[];
  readonly numbers: readonly NumberValue[];
  readonly quantities: readonly QuantityValue[];
  readonly references: readonly ReferenceValue[];
  readonly uris: readonly UriValue[];
  readonly composites: readonly CompositeValue[];
}

/** A code, identifier, boolean or contact point. Shape: system '' when the element names none */
export interface TokenValue {
  readonly parameter: string;
  readonly system: string;
  readonly code: string;
  /** Concept text, displays or identifier type text, for :text. */
  readonly text?: string;
  /** Identifier.type codings, for :of-type. */
  readonly types?: readonly { readonly system: string; readonly code: string }[];
}

/** A string, as it stands and as it is compared. */
export interface StringValue {
  readonly parameter: string;
  readonly value: string;
  /** See normaliseString. */
  readonly normalised: string;
}

/** The span [low, high) of a date, dateTime, instant, Period or Timing. Units: UTC ms */
export interface DateValue {
  readonly parameter: string;
  readonly low: number;
  readonly high: number;
}

/** A number, with the span its written precision leaves open. */
export interface NumberValue {
  readonly parameter: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A quantity as written, and in UCUM base units where its unit is known. */
export interface QuantityValue extends NumberValue {
  readonly system: string;
  readonly code: string;
  readonly unit: string;
}

/** A reference. Literal ones have type and id or url; logical ones an identifier. */
export interface ReferenceValue {
  readonly parameter: string;
  readonly type?: string;
  readonly id?: string;
  readonly url?: string;
  readonly identifier?: { readonly system: string; readonly value: string };
}

/** A uri, url or canonical, compared to the letter. */
export interface UriValue {
  readonly parameter: string;
  readonly value: string;
}

/** The values of one element for a composite parameter, part by part. */
export interface CompositeValue {
  readonly parameter: string;
  readonly parts: readonly IndexValues[];
}

/** Letters without case and marks, white space folded, punctuation kept: what string search compares. Source: FHIR R4 search, 3.1.1.4.8 */
export function normaliseString(value: string): string {
  if (PLAIN.test(value)) return value.toLowerCase();
  return value.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/g, ' ').trim();
}

/** Words of ASCII with one space between: nothing but their case to fold. */
const PLAIN = /^[!-~]+(?: [!-~]+)*$/;
