import type { Include } from '../fhir/search-query.ts';

/** Includes that differ in nothing but the type that refers, as one: `*` is an include of each type, and one look-up. */
export interface IncludeRule extends Omit<Include, 'source'> {
  /** The types that hold the reference. */
  readonly sources: readonly string[];
}

/** The includes of a search as a store follows them. */
export function includeRules(includes: readonly Include[]): IncludeRule[] {
  const rules = new Map<string, IncludeRule>();
  for (const { source, ...rest } of includes) {
    const place = JSON.stringify([rest.direction, rest.parameter ?? 0, rest.target ?? 0, rest.iterate]);
    rules.set(place, { ...rest, sources: [...(rules.get(place)?.sources ?? []), source] });
  }
  return [...rules.values()];
}
