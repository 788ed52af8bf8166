/** Lets so many requests through at once, and so many a second after that, for each key. */
export interface RateLimit {
  /** 0 when one more may pass, else how long to wait. Units: s */
  take(key: string): number;
}

const MOST_KEYS = 10_000;

/**
 * Token buckets in memory. Of more keys than it holds those unused for longest begin anew.
 *
 * Shape: rateLimit({ perSecond: 100, burst: 200, now }).take('registrar') is 0
 */
export function rateLimit({ perSecond, burst, now }: { perSecond: number; burst: number; now: () => number }): RateLimit {
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    take(key) {
      const at = now();
      const bucket = buckets.get(key) ?? { left: burst, at };
      // a clock that steps back gives nothing
      bucket.left = Math.min(burst, bucket.left + (Math.max(0, at - bucket.at) / 1000) * perSecond);
      bucket.at = at;
      buckets.delete(key);
      buckets.set(key, bucket);
      if (buckets.size > MOST_KEYS) buckets.delete(buckets.keys().next().value as string);
      if (bucket.left < 1) return Math.max(1, Math.ceil((1 - bucket.left) / perSecond));
      bucket.left -= 1;
      return 0;
    },
  };
}
