import type { IndexValues } from '../../src/fhir/index-values.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import type { Store, StoreSettings } from '../../src/store/store.ts';

/** How the contract opens the store it is run for. */
export interface Harness {
  /** A fresh and empty store. */
  open(settings: StoreSettings): Promise<Store>;
  /** Closes the store and opens what it kept; undefined for a store that forgets when closed. */
  readonly reopen?: (store: Store, settings: StoreSettings) => Promise<Store>;
  /** How many stories the property tests play, where opening a store is slow. */
  readonly runs?: number;
}

/** Index values with what is left out empty. */
export function valuesOf(some: Partial<IndexValues>): IndexValues {
  return { tokens: [], strings: [], dates: [], numbers: [], quantities: [], references: [], uris: [], composites: [], ...some };
}

/** A resource of the contract's tests says itself what it is found by: the store indexes what `extract` gives, whatever that is. */
export function resourceWith(type: string, id: string, index: Partial<IndexValues> = {}, more: Record<string, unknown> = {}): Resource {
  return { resourceType: type, id, ...more, index };
}

/** The settings of the contract's tests: a clock that stands until it is moved, and a compartment by `subject` and `performer`. */
export function testSettings(): StoreSettings & { clock: { now: number } } {
  const clock = { now: Date.UTC(2026, 0, 2, 9, 30) };
  return {
    clock,
    now: () => clock.now,
    extract: (resource) => valuesOf(resource['index'] ?? {}),
    compartmentParameters: (compartment, type) => (compartment === 'Patient' && type === 'Observation' ? ['subject', 'performer'] : []),
  };
}
