import type { Harness } from './harness.ts';

/** To come with the search of the first store. */
export function contractOfPaging(_harness: Harness): void {}
