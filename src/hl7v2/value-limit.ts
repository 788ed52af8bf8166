import type { Address } from '../issue/address.ts';
import { issue, type Issue } from '../issue/issue.ts';
import type { Delimiters } from './delimiters.ts';

/** The most segments of one message: each may become resources of its own. @internal */
export const MOST_SEGMENTS = 20_000;

/** The most fields, repetitions, components and subcomponents of one message, all counted together. @internal */
export const MOST_VALUES = 400_000;

/**
 * Why a message is not cut any further: a few megabytes of nothing but delimiters would take gigabytes and minutes. Undefined: it is within the limits.
 *
 * Fails: message-too-many-values, where the limit is passed
 */
export function valueLimitIssue(lines: readonly string[], delimiters: Delimiters): Issue | undefined {
  if (lines.length > MOST_SEGMENTS)
    return issue('message-too-many-values', { at: placeOf(lines, MOST_SEGMENTS), limit: MOST_SEGMENTS, what: 'segments' });
  // each value takes a delimiter, so a short message cannot hold too many: nearly none is counted
  if (lines.reduce((length, line) => length + line.length, 0) <= MOST_VALUES) return undefined;
  const { field, repetition, component, subcomponent } = delimiters;
  const divides = [...new Set([field, repetition, component, subcomponent])].filter((one) => one !== '');
  let count = 0;
  for (const [index, line] of lines.entries()) {
    const before = count;
    for (const one of divides) for (let at = line.indexOf(one); at !== -1; at = line.indexOf(one, at + 1)) count += 1;
    if (count > MOST_VALUES) {
      const at = placeOf(lines, index, fieldOfValue(line, MOST_VALUES + 1 - before, divides, field));
      return issue('message-too-many-values', { at, limit: MOST_VALUES, what: 'values' });
    }
  }
  return undefined;
}

/** The field that the n-th delimiter of a line stands in. */
function fieldOfValue(line: string, nth: number, divides: readonly string[], field: string): number {
  let fields = 0;
  let count = 0;
  for (let at = 0; count < nth && at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (!divides.includes(character)) continue;
    count += 1;
    if (character === field) fields += 1;
  }
  return Math.max(fields, 1);
}

function placeOf(lines: readonly string[], index: number, field?: number): Address {
  const segment = (lines[index] ?? '').slice(0, 3);
  const occurrence = lines.slice(0, index + 1).filter((line) => line.startsWith(segment)).length;
  return { segment, occurrence, ...(field === undefined ? {} : { field }) };
}
