import { performance } from 'node:perf_hooks';

/** One figure of a run. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is held against: a target of the project, or a physical limit measured in the same run. */
  readonly target?: number;
  readonly ratioTo?: string;
  readonly note?: string;
}

/** How often a second a function can be called: the best of some rounds, after a warm-up. Units: calls/s */
export function ratePerSecond(work: () => void, { rounds = 5, roundMs = 400 } = {}): number {
  const round = () => {
    const start = performance.now();
    let calls = 0;
    while (performance.now() - start < roundMs) {
      for (let index = 0; index < 8; index += 1) work();
      calls += 8;
    }
    return (calls * 1000) / (performance.now() - start);
  };
  round();
  return Math.max(...Array.from({ length: rounds }, round));
}

/** A percentile of sorted times. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
