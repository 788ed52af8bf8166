import type { HowMade } from '../how-made.ts';

const METHODS = [undefined, 'POST', 'PATCH'] as const;
const AGAIN = 4;

/** How a version came about, as the number of its column: 0 is a plain PUT, and whatever was there before the column was. */
export function howNumber({ method, again }: HowMade): number {
  return METHODS.indexOf(method) + (again === true ? AGAIN : 0);
}

/** The same, read. */
export function howIn(number: number): HowMade {
  const method = METHODS[number % AGAIN];
  return { ...(method === undefined ? {} : { method }), ...(number >= AGAIN ? { again: true } : {}) };
}
