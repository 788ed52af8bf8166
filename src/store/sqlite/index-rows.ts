import { type IndexValues, normaliseString } from '../../fhir/index-values.ts';

/** Index values as flat lists, cheap to hand to the writer's thread: the parameter first, then what the name says. */
export interface IndexRows {
  /** parameter, system, code */
  readonly tokens: string[];
  /** parameter, type, id */
  readonly references: string[];
  /** parameter, value */
  readonly uris: string[];
  /** parameter, folded, value */
  readonly strings: string[];
  /** parameter, low, high */
  readonly dates: (string | number)[];
  /** parameter, value, low, high, system, code, unit */
  readonly numbers: (string | number)[];
  readonly composites: CompositeRows[];
}

/** One element, and the composite parameters that share it. */
export interface CompositeRows {
  readonly parameters: string[];
  readonly parts: readonly PartRows[];
}

/** The values of one part. */
export interface PartRows {
  /** system, code */
  readonly tokens: string[];
  /** value, low, high, system, code, unit */
  readonly numbers: (string | number)[];
  /** low, high */
  readonly dates: number[];
  /** folded, value */
  readonly strings: string[];
  /** type, id */
  readonly references: string[];
  readonly uris: string[];
}

/** The parameters of a token's concept text, its identifier type, a reference's identifier and a composite's part, beside the parameter itself. */
export const beside = {
  text: (parameter: string): string => `${parameter}:text`,
  ofType: (parameter: string): string => `${parameter}:of-type`,
  identifier: (parameter: string): string => `${parameter}:identifier`,
  part: (parameter: string, part: number): string => `${parameter}/${part}`,
};

/** An identifier with one of its types as a token: the type's system, and code and value in one. */
export function ofTypeCode(code: string, value: string): string {
  return `${code}|${value}`;
}

/** The index rows of a resource. */
export function indexRowsOf(values: IndexValues): IndexRows {
  const rows: IndexRows = { tokens: [], references: [], uris: [], strings: [], dates: [], numbers: [], composites: [] };
  for (const token of values.tokens) {
    rows.tokens.push(token.parameter, token.system, token.code);
    if (token.text !== undefined && token.text !== '') rows.tokens.push(beside.text(token.parameter), '', normaliseString(token.text));
    for (const type of token.types ?? []) rows.tokens.push(beside.ofType(token.parameter), type.system, ofTypeCode(type.code, token.code));
  }
  for (const reference of values.references) {
    const { parameter, type, id, url, identifier } = reference;
    if (type !== undefined && id !== undefined) rows.references.push(parameter, type, id);
    if (url !== undefined) rows.uris.push(parameter, url);
    if (identifier !== undefined) rows.tokens.push(beside.identifier(parameter), identifier.system, identifier.value);
  }
  for (const uri of values.uris) rows.uris.push(uri.parameter, uri.value);
  for (const string of values.strings) rows.strings.push(string.parameter, string.normalised, string.value);
  for (const date of values.dates) rows.dates.push(date.parameter, date.low, date.high);
  for (const number of values.numbers) rows.numbers.push(number.parameter, number.value, number.low, number.high, '', '', '');
  for (const quantity of values.quantities) {
    rows.numbers.push(quantity.parameter, quantity.value, quantity.low, quantity.high, quantity.system, quantity.code, quantity.unit);
  }
  addComposites(values, rows);
  return rows;
}

/** Parameters often share their elements (combo-code-value-quantity has those of code-value-quantity): each element is kept once. */
function addComposites(values: IndexValues, rows: IndexRows): void {
  const known = new Map<string, CompositeRows>();
  for (const { parameter, parts } of values.composites) {
    parts.forEach((part, index) => {
      for (const token of part.tokens) rows.tokens.push(beside.part(parameter, index), token.system, token.code);
    });
    const same = parts.map(partRowsOf);
    const place = JSON.stringify(same);
    const found = known.get(place);
    if (found === undefined) known.set(place, { parameters: [parameter], parts: same });
    else if (!found.parameters.includes(parameter)) found.parameters.push(parameter);
  }
  rows.composites.push(...known.values());
}

/** The values of a part. A part is asked for values, never with a modifier: the texts beside tokens are left out. */
function partRowsOf(part: IndexValues): PartRows {
  const rows: PartRows = { tokens: [], numbers: [], dates: [], strings: [], references: [], uris: [] };
  for (const { system, code } of part.tokens) rows.tokens.push(system, code);
  for (const { value, low, high } of part.numbers) rows.numbers.push(value, low, high, '', '', '');
  for (const { value, low, high, system, code, unit } of part.quantities) rows.numbers.push(value, low, high, system, code, unit);
  for (const { low, high } of part.dates) rows.dates.push(low, high);
  for (const { normalised, value } of part.strings) rows.strings.push(normalised, value);
  for (const { value } of part.uris) rows.uris.push(value);
  for (const { type, id, url } of part.references) {
    if (type !== undefined && id !== undefined) rows.references.push(type, id);
    if (url !== undefined) rows.uris.push(url);
  }
  return rows;
}
