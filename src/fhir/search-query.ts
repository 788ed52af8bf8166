/**
 * A search as data: what `serve` reads out of a request, `secure` narrows and `store` runs. Nothing here knows HTTP or a database.
 */
export interface SearchQuery {
  /** The types searched. One for a type search; several, or none for every type, for a system search. */
  readonly types: readonly string[];
  readonly filter: Filter;
  /**
   * Empty: newest first, by the commit that created the resource (an update does not move it, so paging has no gaps). The same is the
   * last key of every order, so every order is total. Resources without the value come last, ascending or descending; of several
   * values the lowest counts ascending, the highest descending.
   */
  readonly sort: readonly SortKey[];
  /** Matches on a page. 0 gives none, only a total where asked. */
  readonly count: number;
  /** Where the page before ended, as the store gave it. Opaque to everybody else. */
  readonly after?: string;
  readonly includes: readonly Include[];
  readonly total: 'none' | 'estimate' | 'accurate';
}

/** What a resource must meet. An empty `and` is met by everything, an empty `or` by nothing. */
export type Filter =
  | { readonly op: 'and'; readonly of: readonly Filter[] }
  | { readonly op: 'or'; readonly of: readonly Filter[] }
  | { readonly op: 'not'; readonly of: Filter }
  | { readonly op: 'id'; readonly ids: readonly string[] }
  /** meta.lastUpdated within [from, to), in UTC ms. */
  | { readonly op: 'lastUpdated'; readonly from?: number; readonly to?: number }
  /** Whether the parameter has any value at all. */
  | { readonly op: 'missing'; readonly parameter: string; readonly missing: boolean }
  /** `system` undefined: any system; empty: none. `code` undefined: any code of the system. */
  | { readonly op: 'token'; readonly parameter: string; readonly system?: string; readonly code?: string }
  /** The text of a token's concept or display, normalised, begins with (:text). The store normalises both. */
  | { readonly op: 'tokenText'; readonly parameter: string; readonly value: string }
  /** identifier:of-type: the type's system and code, and the identifier's value. */
  | { readonly op: 'ofType'; readonly parameter: string; readonly system: string; readonly code: string; readonly value: string }
  /** `starts` and `contains` compare normalised values (the store normalises both), `exact` the value as it stands. */
  | { readonly op: 'string'; readonly parameter: string; readonly match: 'starts' | 'exact' | 'contains'; readonly value: string }
  /**
   * A date as the half-open interval [low, high) in UTC ms that its precision spans, against a value [l, h):
   * eq l >= low and h <= high; ne not eq; gt h > high; lt l < low; ge gt or eq; le lt or eq; sa l >= high; eb h <= low;
   * ap they overlap (the caller has widened the interval).
   */
  | { readonly op: 'date'; readonly parameter: string; readonly prefix: Prefix; readonly low: number; readonly high: number }
  /**
   * A number with the implicit range [low, high) of its significant digits, against a value v that spans [l, h):
   * eq low <= v < high; ne not eq; gt v > value; lt v < value; ge v >= value; le v <= value; sa l >= high; eb h <= low;
   * ap v is within a tenth of value.
   */
  | {
      readonly op: 'number';
      readonly parameter: string;
      readonly prefix: Prefix;
      readonly value: number;
      readonly low: number;
      readonly high: number;
    }
  /** Compares as a number does; with a system or code only quantities in that unit. */
  | {
      readonly op: 'quantity';
      readonly parameter: string;
      readonly prefix: Prefix;
      readonly value: number;
      readonly low: number;
      readonly high: number;
      readonly system?: string;
      /** A code of the system or, with no system, the code or the unit as displayed. */
      readonly code?: string;
    }
  /** A literal reference: type and id, an id of any type, or an absolute URL. */
  | { readonly op: 'reference'; readonly parameter: string; readonly type?: string; readonly id?: string; readonly url?: string }
  /** Reference.identifier (:identifier). */
  | { readonly op: 'referenceIdentifier'; readonly parameter: string; readonly system?: string; readonly value?: string }
  /** `below`: the value itself or what follows it after a slash; `above`: the other way round. */
  | { readonly op: 'uri'; readonly parameter: string; readonly match: 'exact' | 'above' | 'below'; readonly value: string }
  /** The parts hold of one and the same element: parts[i] of CompositeValue.parts[i], both by the name the part's definition has. */
  | { readonly op: 'composite'; readonly parameter: string; readonly parts: readonly Filter[] }
  /** subject:Patient.name=x: a resource of these types that this one refers to meets the filter and is not deleted. */
  | { readonly op: 'chain'; readonly parameter: string; readonly types: readonly string[]; readonly filter: Filter }
  /** _has:Observation:patient:code=x: a resource that refers to this one by its parameter meets the filter. */
  | { readonly op: 'has'; readonly type: string; readonly parameter: string; readonly filter: Filter }
  /**
   * List: an item of the list; Group: a member of the group; else the compartment of that resource: the resource itself, and those that
   * refer to it by one of the store's compartment parameters for their type.
   */
  | { readonly op: 'compartment'; readonly type: string; readonly id: string };

/** How a value compares. Source: FHIR R4 search, 3.1.1.4.3. */
export type Prefix = 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb' | 'ap';

/** One key of an order. `parameter` is a search parameter, `_id` or `_lastUpdated`. */
export interface SortKey {
  readonly parameter: string;
  readonly descending: boolean;
}

/** One _include (forward) or _revinclude (reverse). */
export interface Include {
  readonly direction: 'forward' | 'reverse';
  /** The type that holds the reference. */
  readonly source: string;
  /** The search parameter that points; undefined for the wildcard. */
  readonly parameter?: string;
  readonly target?: string;
  readonly iterate: boolean;
}

/** A filter that everything meets. */
export const EVERYTHING: Filter = { op: 'and', of: [] };

/** A query with what most callers leave alone filled in. */
export function searchOf(type: string, filter: Filter, rest: Partial<SearchQuery> = {}): SearchQuery {
  return { types: [type], filter, sort: [], count: 50, includes: [], total: 'none', ...rest };
}
