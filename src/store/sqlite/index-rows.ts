import { type IndexValues, normaliseString } from '../../fhir/index-values.ts';
import { type CompositeRows, compositeRowsOf } from './composite-rows.ts';
import { BETWEEN, SharedValues } from './shared-values.ts';

/** Index values as flat lists, cheap to hand to the writer's thread: the parameters that share a value first, then what the name says. */
export interface IndexRows {
  /** parameters, system, code */
  readonly tokens: string[];
  /** parameters, type, id */
  readonly references: string[];
  /** parameters, folded, value */
  readonly strings: string[];
  /** parameters, low, high */
  readonly dates: (string | number)[];
  /** Those of the parameters by which the resource has several dates. */
  readonly severalDates: string[];
  /** parameters, value, low, high, system, code, unit */
  readonly numbers: (string | number)[];
  readonly composites: CompositeRows[];
}

/** A token by its system and code. */
export type TokenRow = [system: string, code: string];

/** A number with the span of its precision, and its unit. */
export type NumberRow = [value: number, low: number, high: number, system: string, code: string, unit: string];

/** The names under which what stands beside a parameter's values is found: texts, identifier types, a reference's identifier, uris, the tokens of a composite's first part. */
export const beside = {
  text: (parameter: string): string => `${parameter}:text`,
  ofType: (parameter: string): string => `${parameter}:of-type`,
  identifier: (parameter: string): string => `${parameter}:identifier`,
  uri: (parameter: string): string => `${parameter}:uri`,
  part: (parameter: string): string => `${parameter}/0`,
};

/** An identifier with one of its types as a token: the type's system, and code and value in one. */
export function ofTypeCode(code: string, value: string): string {
  return `${code}|${value}`;
}

/** The index rows of a resource. */
export function indexRowsOf(values: IndexValues): IndexRows {
  const tokens = new SharedValues<TokenRow>();
  const references = new SharedValues<[type: string, id: string]>();
  const strings = new SharedValues<[folded: string, value: string]>();
  const dates = new SharedValues<[low: number, high: number]>();
  const numbers = new SharedValues<NumberRow>();
  for (const { parameter, system, code, text, types = [] } of values.tokens) {
    tokens.add(parameter, [system, code]);
    if (text !== undefined && text !== '') tokens.add(beside.text(parameter), ['', normaliseString(text)]);
    for (const type of types) tokens.add(beside.ofType(parameter), [type.system, ofTypeCode(type.code, code)]);
  }
  for (const { parameter, type, id, url, identifier } of values.references) {
    if (type !== undefined && id !== undefined) references.add(parameter, [type, id]);
    if (url !== undefined) tokens.add(beside.uri(parameter), ['', url]);
    if (identifier !== undefined) tokens.add(beside.identifier(parameter), [identifier.system, identifier.value]);
  }
  for (const { parameter, value } of values.uris) tokens.add(beside.uri(parameter), ['', value]);
  for (const { parameter, normalised, value } of values.strings) strings.add(parameter, [normalised, value]);
  for (const { parameter, low, high } of values.dates) dates.add(parameter, [low, high]);
  for (const { parameter, value, low, high } of values.numbers) numbers.add(parameter, [value, low, high, '', '', '']);
  for (const { parameter, value, low, high, system, code, unit } of values.quantities)
    numbers.add(parameter, [value, low, high, system, code, unit]);
  const composites = compositeRowsOf(values.composites, numbers);
  for (const { names, tokens: first } of composites) {
    for (const token of first) if (!tokens.has(token)) tokens.add(beside.part(names.split(BETWEEN)[0] ?? ''), token);
  }
  return {
    tokens: tokens.flat(),
    references: references.flat(),
    strings: strings.flat(),
    dates: dates.flat(),
    severalDates: dates.several(),
    numbers: numbers.flat(),
    composites,
  };
}
