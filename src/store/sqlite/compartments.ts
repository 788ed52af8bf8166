import type { Filter } from '../../fhir/search-query.ts';
import type { StoreSettings } from '../store.ts';

/** The reference parameters of each compartment and type that a filter speaks of. Shape: 'Patient Observation' -> ['subject', 'performer'] */
export type Compartments = ReadonlyMap<string, readonly string[]>;

/** The parameters by which a list and a group name their members. */
const MEMBERSHIP = new Map([
  ['List', 'item'],
  ['Group', 'member'],
]);

/** The parameter that names the members, for a compartment that is a list or a group. */
export function membershipOf(type: string): string | undefined {
  return MEMBERSHIP.get(type);
}

/** The parameters of one compartment and type. */
export function parametersOf(compartments: Compartments, compartment: string, type: string): readonly string[] {
  return compartments.get(`${compartment} ${type}`) ?? [];
}

/** Looks up every compartment a filter asks for, for these types (all there are where a search names none), so that the filter can be compiled where the definitions are not. */
export function compartmentsOf(filter: Filter, types: readonly string[], lookup: StoreSettings['compartmentParameters']): Compartments {
  const found = new Map<string, readonly string[]>();
  const walk = (item: Filter, within: readonly string[]): void => {
    if (item.op === 'and' || item.op === 'or') for (const part of item.of) walk(part, within);
    else if (item.op === 'not') walk(item.of, within);
    else if (item.op === 'chain') walk(item.filter, item.types);
    else if (item.op === 'has') walk(item.filter, [item.type]);
    else if (item.op === 'compartment' && membershipOf(item.type) === undefined) {
      for (const type of within) found.set(`${item.type} ${type}`, lookup(item.type, type));
    }
  };
  walk(filter, types);
  return found;
}
