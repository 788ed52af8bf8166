import type { Harness } from './harness.ts';

/** To come with the search of the first store. */
export function contractOfIncludes(_harness: Harness): void {}
