import type { Made } from '../map/translation.ts';
import type { Statement } from './facts.ts';

/** The place of entries no message speaks of again: numbers a merge retired, and what is continued from before. */
export const KEPT = 'MRG';

/** Segments that tell of the same thing as the one the resource was made from, and stand once: what one of their fields does not say, stays. */
const ONCE = new Set(['PD1', 'PV2', 'IN2']);

/**
 * Where the entries of a resource's lists came from: the field, where the segment stands once; the segment, where each one of several
 * gives an entry.
 *
 * Shape: a Patient of PID and two NK1 has identifier ['PID-3', 'PID-19'], contact ['NK1', 'NK1']
 */
export function sourcesOf(made: Pick<Made, 'from' | 'origins' | 'nulled' | 'resource'>): Pick<Statement, 'sources' | 'present'> {
  const placeOf = (segment: string, field: string | number) =>
    segment === made.from.segment || ONCE.has(segment) ? `${segment}-${field}` : segment;
  const sources: Record<string, string[]> = {};
  const present = new Set(made.nulled.map((place) => placeOf(...(place.split('-') as [string, string]))));
  for (const [path, { segment, field = 0 }] of made.origins) {
    const start = path.indexOf('.') + 1;
    const open = path.indexOf('[', start);
    const isOfList = open >= 0 && path.lastIndexOf('.', open) < start;
    const place = placeOf(segment, field);
    // A number a merge retires adds to those that earlier ones retired.
    if (place !== KEPT) present.add(place);
    if (!isOfList) continue;
    const list = (sources[path.slice(start, open)] ??= []);
    list[Number(path.slice(open + 1, path.indexOf(']', open)))] ??= place;
  }
  for (const [element, list] of Object.entries(sources)) {
    const length = (made.resource[element] as readonly unknown[] | undefined)?.length ?? 0;
    sources[element] = Array.from({ length }, (_, index) => list[index] ?? '');
  }
  return { sources, present };
}
