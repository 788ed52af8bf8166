import { type IndexValues, normaliseString } from '../../fhir/index-values.ts';
import { Bug } from '../../issue/issue-error.ts';
import { sortKeysOf, type SortKeys } from './sort-keys.ts';
import {
  anyReferenceTerm,
  exactTerm,
  firstPartParameter,
  ofTypeTerm,
  presentTerm,
  referenceIdentifierTerm,
  referenceTerm,
  stringTerm,
  textParameter,
  tokenTerm,
  uriParameter,
  uriTerm,
  urlTerm,
} from './terms.ts';

/** What a resource is found by, as MongoDB indexes it. A list without values is left out. */
export interface IndexDocument {
  /** Tokens, uris and the names of all parameters that have a value. See tokenTerm. */
  readonly t?: readonly string[];
  /** References. See referenceTerm. */
  readonly r?: readonly string[];
  /** Strings as they are compared. See stringTerm. */
  readonly s?: readonly string[];
  /** Strings as they stand. See exactTerm. */
  readonly x?: readonly string[];
  /** Dates: parameter and [lo, hi). Units: UTC ms */
  readonly d?: readonly { readonly p: string; readonly lo: number; readonly hi: number }[];
  /** Numbers: parameter, value and the span of its precision. */
  readonly n?: readonly NumberEntry[];
  /** Quantities: as numbers, with system, code and unit. */
  readonly q?: readonly (NumberEntry & { readonly s: string; readonly c: string; readonly u: string })[];
  /** Composites: parameter and the values of its parts, a for the first. */
  readonly c?: readonly Record<string, unknown>[];
  /** What the resource is sorted by. */
  readonly o?: SortKeys;
}

interface NumberEntry {
  readonly p: string;
  readonly v: number;
  readonly lo: number;
  readonly hi: number;
}

/** The field of a composite's part. Shape: partName(0) is a */
export function partName(index: number): string {
  if (index > 25) throw new Bug('a composite parameter has more than 26 parts');
  return String.fromCharCode(97 + index);
}

/** The index values of a resource as the document MongoDB indexes. */
export function indexDocument(values: IndexValues): IndexDocument {
  const sorted = sortKeysOf(values);
  return { ...entriesOf(values), ...(sorted === undefined ? {} : { o: sorted }) };
}

function entriesOf(values: IndexValues): IndexDocument {
  const { terms, references, strings, exact } = termsOf(values);
  return {
    ...(terms.size === 0 ? {} : { t: [...terms] }),
    ...(references.size === 0 ? {} : { r: [...references] }),
    ...(strings.size === 0 ? {} : { s: [...strings] }),
    ...(exact.size === 0 ? {} : { x: [...exact] }),
    ...(values.dates.length === 0 ? {} : { d: values.dates.map(({ parameter, low, high }) => ({ p: parameter, lo: low, hi: high })) }),
    ...(values.numbers.length === 0 ? {} : { n: values.numbers.map(numberEntry) }),
    ...(values.quantities.length === 0
      ? {}
      : { q: values.quantities.map((quantity) => ({ ...numberEntry(quantity), s: quantity.system, c: quantity.code, u: quantity.unit })) }),
    ...(values.composites.length === 0 ? {} : { c: values.composites.map(compositeEntry) }),
  };
}

function numberEntry(of: { parameter: string; value: number; low: number; high: number }): NumberEntry {
  return { p: of.parameter, v: of.value, lo: of.low, hi: of.high };
}

function compositeEntry(of: { parameter: string; parts: readonly IndexValues[] }): Record<string, unknown> {
  const parts = of.parts.map((part, index) => [partName(index), entriesOf(named(part, partName(index)))] as const);
  return { p: of.parameter, ...Object.fromEntries(parts) };
}

/** A part is found by its place in the composite, whatever its parameter is called. */
function named(part: IndexValues, parameter: string): IndexValues {
  const rename = <T extends { parameter: string }>(list: readonly T[]) => list.map((value) => ({ ...value, parameter }));
  return {
    tokens: rename(part.tokens),
    strings: rename(part.strings),
    dates: rename(part.dates),
    numbers: rename(part.numbers),
    quantities: rename(part.quantities),
    references: rename(part.references),
    uris: rename(part.uris),
    composites: [],
  };
}

/** Whatever a search may ask of a token. */
function addToken(terms: Set<string>, parameter: string, { system, code }: { readonly system: string; readonly code: string }): void {
  terms.add(presentTerm(parameter));
  terms.add(tokenTerm(parameter, system, code));
  terms.add(tokenTerm(parameter, system, undefined));
  terms.add(tokenTerm(parameter, undefined, code));
}

function termsOf(values: IndexValues) {
  const terms = new Set<string>();
  const references = new Set<string>();
  const strings = new Set<string>();
  const exact = new Set<string>();
  for (const list of Object.values(values) as readonly { parameter: string }[][])
    for (const { parameter } of list) terms.add(presentTerm(parameter));
  for (const token of values.tokens) {
    addToken(terms, token.parameter, token);
    for (const type of token.types ?? []) terms.add(ofTypeTerm(token.parameter, type.system, type.code, token.code));
    if (token.text !== undefined && token.text !== '') strings.add(stringTerm(textParameter(token.parameter), normaliseString(token.text)));
  }
  for (const { parameter, parts } of values.composites) {
    const apart = (parts[0]?.tokens ?? []).filter((token) => !terms.has(tokenTerm(token.parameter, token.system, token.code)));
    for (const token of apart) addToken(terms, firstPartParameter(parameter), token);
  }
  for (const uri of values.uris) {
    terms.add(uriTerm(uri.parameter, uri.value));
    strings.add(stringTerm(uriParameter(uri.parameter), uri.value));
  }
  for (const string of values.strings) {
    strings.add(stringTerm(string.parameter, string.normalised));
    exact.add(exactTerm(string.parameter, string.value));
  }
  for (const { parameter, type, id, url, identifier } of values.references) {
    if (id !== undefined) references.add(referenceTerm(parameter, undefined, id));
    if (id !== undefined && type !== undefined) {
      references.add(referenceTerm(parameter, type, id));
      references.add(anyReferenceTerm(type, id));
    }
    if (url !== undefined) references.add(urlTerm(parameter, url));
    if (identifier === undefined) continue;
    references.add(referenceIdentifierTerm(parameter, identifier.system, identifier.value));
    references.add(referenceIdentifierTerm(parameter, identifier.system, undefined));
    references.add(referenceIdentifierTerm(parameter, undefined, identifier.value));
    references.add(referenceIdentifierTerm(parameter, undefined, undefined));
  }
  return { terms, references, strings, exact };
}
