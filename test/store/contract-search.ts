import type { Harness } from './harness.ts';

/** To come with the search of the first store. */
export function contractOfSearch(_harness: Harness): void {}
