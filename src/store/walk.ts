import type { StoredVersion } from './store.ts';

/** A stretch of a walk: its versions, and the seq it got to; no `next` at the end. A stretch may be empty and not the last. */
export interface WalkStretch {
  readonly versions: readonly StoredVersion[];
  readonly next?: number;
}

/** The most versions of a stretch: a few milliseconds of work, then others get their turn. */
export const STRETCH = 256;

/** Where a stretch ends before it has that many. Units: bytes of JSON */
export const STRETCH_BYTES = 8 * 1024 * 1024;

/** What a version of a stretch costs and where it stands, before its text is read. */
export interface Step {
  readonly seq: number;
  readonly bytes: number;
}

/** A walk out of its stretches, those that are empty left out. */
export async function* walkPages(
  from: number,
  stretch: (after: number) => Promise<WalkStretch>,
): AsyncGenerator<readonly StoredVersion[], void, undefined> {
  let after: number | undefined = from;
  while (after !== undefined) {
    const { versions, next }: WalkStretch = await stretch(after);
    if (versions.length > 0) yield versions;
    after = next;
    await new Promise((done) => setImmediate(done));
  }
}

/**
 * The steps of one stretch, out of several lists that each stand in order, and where it got to. A list that was cut says nothing about what
 * is behind its last step, so the stretch ends there (`horizon`); it ends too where it has enough.
 */
export function stretchOf<S extends Step>(steps: readonly S[], horizon: number, upTo: number): { steps: S[]; next?: number } {
  const inOrder = steps.filter(({ seq }) => seq <= horizon).sort((a, b) => a.seq - b.seq);
  let bytes = 0;
  const end = inOrder.findIndex((step, index) => index >= STRETCH || (index > 0 && (bytes += step.bytes) > STRETCH_BYTES));
  const taken = end < 0 ? inOrder : inOrder.slice(0, end);
  const last = taken.at(-1);
  if (end >= 0 && last !== undefined) return { steps: taken, next: last.seq };
  return horizon < upTo ? { steps: taken, next: horizon } : { steps: taken };
}
