import type { CompositeValue, IndexValues } from '../../fhir/index-values.ts';
import type { NumberRow, TokenRow } from './index-rows.ts';
import { together } from './shared-values.ts';

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
export interface PartRows {
  readonly tokens: readonly TokenRow[];
  readonly numbers: readonly NumberRow[];
  readonly dates: readonly (readonly [low: number, high: number])[];
  readonly strings: readonly (readonly [folded: string, value: string])[];
  readonly references: readonly (readonly [type: string, id: string])[];
  readonly uris: readonly string[];
}

/** The elements of a resource, each once: parameters often share them (combo-code-value-quantity has those of code-value-quantity). */
export function compositeRowsOf(composites: readonly CompositeValue[], numbers: readonly NumberRow[]): CompositeRows[] {
  const known = new Map<string, { names: string[]; parts: PartRows[] }>();
  for (const { parameter, parts } of composites) {
    const same = parts.map(partRowsOf);
    const place = JSON.stringify(same);
    const found = known.get(place);
    if (found === undefined) known.set(place, { names: [parameter], parts: same });
    else if (!found.names.includes(parameter)) found.names.push(parameter);
  }
  const met = new Set<string>();
  return [...known.values()].map(({ names, parts }) => {
    const tokens = parts[0]?.tokens ?? [];
    const places = tokens.length === 0 ? [''] : tokens.map((token) => JSON.stringify(token));
    const again = names.some((name) => places.some((place) => met.has(name + place)));
    for (const name of names) for (const place of places) met.add(name + place);
    const number = numberOf(parts, numbers);
    return { names: together(names), tokens, again, ...(number === undefined ? { parts } : { number }) };
  });
}

/** The one number of an element that is tokens and a number, where the resource has that number in one precision: it says then what its span is. */
function numberOf(parts: readonly PartRows[], numbers: readonly NumberRow[]): CompositeRows['number'] {
  const [first, second, ...others] = parts;
  const [number] = second?.numbers ?? [];
  if (first === undefined || second === undefined || others.length > 0 || number === undefined) return undefined;
  if (first.tokens.length === 0 || sizeOf(first) !== first.tokens.length || sizeOf(second) !== 1) return undefined;
  const [value, low, high, system, code, unit] = number;
  const same = numbers.filter((one) => one[0] === value && one[3] === system && one[4] === code && one[5] === unit);
  return same.length === 1 && same[0]?.[1] === low && same[0][2] === high ? [value, system, code, unit] : undefined;
}

function sizeOf(part: PartRows): number {
  return Object.values(part).reduce((size: number, list: readonly unknown[]) => size + list.length, 0);
}

/** The values of a part. A part is asked for values, never with a modifier: the texts beside tokens are left out. */
function partRowsOf(part: IndexValues): PartRows {
  const rows = {
    tokens: part.tokens.map(({ system, code }): TokenRow => [system, code]),
    numbers: [
      ...part.numbers.map(({ value, low, high }): NumberRow => [value, low, high, '', '', '']),
      ...part.quantities.map(({ value, low, high, system, code, unit }): NumberRow => [value, low, high, system, code, unit]),
    ],
    dates: part.dates.map(({ low, high }) => [low, high] as const),
    strings: part.strings.map(({ normalised, value }) => [normalised, value] as const),
    references: part.references.flatMap(({ type, id }) => (type !== undefined && id !== undefined ? [[type, id] as const] : [])),
    uris: [...part.uris.map(({ value }) => value), ...part.references.flatMap(({ url }) => (url === undefined ? [] : [url]))],
  };
  return rows;
}
