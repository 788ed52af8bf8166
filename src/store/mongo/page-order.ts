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

interface OrderField {
  readonly name: string;
  readonly direction: 1 | -1;
  /** How it is computed, where it is no field of the document. */
  readonly source?: Condition;
}

/**
 * The order a query asks for; creation, newest first, makes it total. A parameter is two fields, whether its value is missing and the
 * value, so that what has none comes last ascending and descending.
 */
export function pageOrder(keys: readonly SortKey[]): PageOrder {
  const named = [...keys.flatMap(fieldsOf), { name: 'born', direction: -1 as const }];
  // A field asked for again adds nothing: what is equal in it is equal in it.
  const order: readonly OrderField[] = named.filter(({ name }, at) => named.findIndex((field) => field.name === name) === at);
  const computed = order.flatMap(({ name, source }) => (source === undefined ? [] : [[name, source] as const]));
  return {
    computed: computed.length === 0 ? undefined : Object.fromEntries(computed),
    sort: Object.fromEntries(order.map(({ name, direction }) => [name, direction])),
    placeOf: (document) => order.map(({ name }) => document[name] as Place[number]),
    after(place) {
      const ways = order.map(({ name, direction }, at) => ({
        ...Object.fromEntries(order.slice(0, at).map((before, index) => [before.name, place[index] ?? null])),
        [name]: { [direction === 1 ? '$gt' : '$lt']: place[at] ?? null },
      }));
      return ways.length === 1 ? { ...ways[0] } : { $or: ways };
    },
  };
}

function fieldsOf({ parameter, descending }: SortKey, index: number): OrderField[] {
  const direction = descending ? -1 : 1;
  if (parameter === '_id') return [{ name: 'id', direction }];
  if (parameter === '_lastUpdated') return [{ name: 'lu', direction }];
  const value = `$ix.o.${sortField(parameter)}.${descending ? 'd' : 'a'}`;
  return [
    { name: `m${index}`, direction: 1, source: { $cond: [{ $eq: [{ $ifNull: [value, null] }, null] }, 1, 0] } },
    { name: `k${index}`, direction, source: { $ifNull: [value, null] } },
  ];
}
