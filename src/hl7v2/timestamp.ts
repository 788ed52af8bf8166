/**
 * A moment as a v2 timestamp in UTC.
 *
 * Shape: 1767346200000 -> '20260102093000.000+0000'
 * Units: milliseconds since 1970
 */
export function toTimestamp(now: number): string {
  return `${new Date(now).toISOString().replaceAll(/[-:TZ]/g, '')}+0000`;
}
