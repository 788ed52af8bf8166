import type { Address } from '../issue/address.ts';
import { issue, type Issue } from '../issue/issue.ts';
import type { Delimiters } from './delimiters.ts';

/** The most segments of one message: each may become resources of its own. */
export const MOST_SEGMENTS = 20_000;

/** The most fields, repetitions, components and subcomponents of one message, all counted together. */
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
  const divides = new Set([field, repetition, component, subcomponent].map((one) => one.charCodeAt(0)));
  const fieldCode = field.charCodeAt(0);
  let count = 0;
  for (const [index, line] of lines.entries()) {
    let fields = 0;
    for (let at = 0; at < line.length; at += 1) {
      const code = line.charCodeAt(at);
      if (!divides.has(code)) continue;
      if (code === fieldCode) fields += 1;
      count += 1;
      if (count > MOST_VALUES)
        return issue('message-too-many-values', { at: placeOf(lines, index, Math.max(fields, 1)), limit: MOST_VALUES, what: 'values' });
    }
  }
  return undefined;
}

function placeOf(lines: readonly string[], index: number, field?: number): Address {
  const segment = (lines[index] ?? '').slice(0, 3);
  const occurrence = lines.slice(0, index + 1).filter((line) => line.startsWith(segment)).length;
  return { segment, occurrence, ...(field === undefined ? {} : { field }) };
}
