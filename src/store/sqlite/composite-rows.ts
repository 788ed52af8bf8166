import type { CompositeValue, IndexValues } from '../../fhir/index-values.ts';
import type { NumberRow, TokenRow } from './index-rows.ts';
import { SharedValues, together } from './shared-values.ts';

/** One element, the composite parameters that share it, and the tokens of its first part, which it is found by. */
export interface CompositeRows {
  readonly names: string;
  readonly tokens: readonly TokenRow[];
  /** Another element of these parameters has one of the tokens too. */
  readonly again: boolean;
  /** What is left of an element with one number for its second part, a number the resource is also found by; else `parts` says it all. */
  readonly number?: readonly [value: number, system: string, code: string, unit: string];
  readonly parts?: readonly PartRows[];
}

/** The values of one part. */
export type PartRows = readonly [
  tokens: readonly TokenRow[],
  numbers: readonly NumberRow[],
  dates: readonly (readonly [low: number, high: number])[],
  strings: readonly (readonly [folded: string, value: string])[],
  references: readonly (readonly [type: string, id: string])[],
  uris: readonly string[],
];

/** The elements of a resource, each once: parameters often share them (combo-code-value-quantity has those of code-value-quantity). */
export function compositeRowsOf(composites: readonly CompositeValue[], numbers: SharedValues<NumberRow>): CompositeRows[] {
  if (composites.length === 0) return [];
  const elements = new SharedValues<readonly PartRows[]>();
  for (const { parameter, parts } of composites) elements.add(parameter, parts.map(partRowsOf));
  const met = new Set<string>();
  return elements.all.map(({ names, value: parts }) => {
    const [tokens] = parts[0] ?? [[]];
    const number = numberOf(parts, numbers);
    const again = elements.all.length > 1 && isMet(names, tokens, met);
    return { names: together(names), tokens, again, ...(number === undefined ? { parts } : { number }) };
  });
}

/** Whether an element before this one has one of its names and tokens; they are noted for those after it. */
function isMet(names: readonly string[], tokens: readonly TokenRow[], met: Set<string>): boolean {
  const first = tokens.length === 0 ? [''] : tokens.map((token) => JSON.stringify(token));
  const places = names.flatMap((name) => first.map((token) => name + token));
  const again = places.some((place) => met.has(place));
  for (const place of places) met.add(place);
  return again;
}

/** The one number of an element that is tokens and a number, where the resource has that number in one precision: it says then what its span is. */
function numberOf(parts: readonly PartRows[], numbers: SharedValues<NumberRow>): CompositeRows['number'] {
  const [first, second, ...others] = parts;
  const number = second?.[1][0];
  if (first === undefined || second === undefined || others.length > 0 || number === undefined) return undefined;
  if (first[0].length === 0 || sizeOf(first) !== first[0].length || sizeOf(second) !== 1) return undefined;
  const [value, low, high, system, code, unit] = number;
  const same = numbers.all.filter(({ value: one }) => one[0] === value && one[3] === system && one[4] === code && one[5] === unit);
  return same.length === 1 && same[0]?.value[1] === low && same[0].value[2] === high ? [value, system, code, unit] : undefined;
}

function sizeOf(part: PartRows): number {
  let size = 0;
  for (const list of part) size += list.length;
  return size;
}

/** The values of a part. A part is asked for values, never with a modifier: the texts beside tokens are left out. */
function partRowsOf(part: IndexValues): PartRows {
  return [
    part.tokens.map(({ system, code }) => [system, code]),
    [
      ...part.numbers.map(({ value, low, high }): NumberRow => [value, low, high, '', '', '']),
      ...part.quantities.map(({ value, low, high, system, code, unit }): NumberRow => [value, low, high, system, code, unit]),
    ],
    part.dates.map(({ low, high }) => [low, high]),
    part.strings.map(({ normalised, value }) => [normalised, value]),
    part.references.flatMap(({ type, id }) => (type !== undefined && id !== undefined ? [[type, id] as const] : [])),
    [...part.uris.map(({ value }) => value), ...part.references.flatMap(({ url }) => (url === undefined ? [] : [url]))],
  ];
}
