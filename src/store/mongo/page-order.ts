import type { SortKey } from '../../fhir/search-query.ts';
import type { Condition } from './comparison.ts';
import type { Place } from './cursor.ts';
import { sortField } from './sort-keys.ts';

/** An order MongoDB sorts by, total and the same on every page. */
export interface PageOrder {
  /** Fields computed before sorting. Undefined when the order is that of creation, which an index has. */
  readonly computed: Condition | undefined;
  readonly sort: Record<string, 1 | -1>;
  /** The place of a document in the order. */
  placeOf(document: Record<string, unknown>): Place;
  /** What comes after a place. */
  after(place: Place): Condition;
}

/**
 * The order a query asks for. Each key is two fields, whether the value is missing and the value, so that what has none comes last
 * ascending and descending; creation, newest first, makes the order total.
 */
export function pageOrder(keys: readonly SortKey[]): PageOrder {
  const fields: { name: string; direction: 1 | -1; source: unknown }[] = [];
  for (const [index, { parameter, descending }] of keys.entries()) {
    const value = sourceOf(parameter, descending);
    fields.push({ name: `m${index}`, direction: 1, source: { $cond: [{ $eq: [{ $ifNull: [value, null] }, null] }, 1, 0] } });
    fields.push({ name: `k${index}`, direction: descending ? -1 : 1, source: { $ifNull: [value, null] } });
  }
  const order = [...fields.map(({ name, direction }) => ({ name, direction })), { name: 'born', direction: -1 as const }];
  return {
    computed: fields.length === 0 ? undefined : Object.fromEntries(fields.map(({ name, source }) => [name, source])),
    sort: Object.fromEntries(order.map(({ name, direction }) => [name, direction])),
    placeOf: (document) => order.map(({ name }) => document[name] as Place[number]),
    after: (place) => ({
      $or: order.map(({ name, direction }, at) => ({
        ...Object.fromEntries(order.slice(0, at).map((before, index) => [before.name, place[index] ?? null])),
        [name]: { [direction === 1 ? '$gt' : '$lt']: place[at] ?? null },
      })),
    }),
  };
}

function sourceOf(parameter: string, descending: boolean): string {
  if (parameter === '_id') return '$id';
  if (parameter === '_lastUpdated') return '$lu';
  return `$ix.o.${sortField(parameter)}.${descending ? 'd' : 'a'}`;
}
