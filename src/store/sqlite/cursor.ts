import { issue } from '../../issue/issue.ts';
import { failure, type Result, success } from '../../issue/result.ts';

/** A sort value as the database gives it; null: the resource has none. */
export type SortValue = number | string | null;

/** Where a page of a search ended: what was there when the first page was made, and the sort values and row of the last match. */
export interface Cursor {
  readonly highWater: number;
  readonly values: readonly SortValue[];
  readonly row: number;
}

/** A cursor as the text that links carry. */
export function writeCursor({ highWater, values, row }: Cursor): string {
  const spelled = values.map((value) => (typeof value === 'number' && !Number.isFinite(value) ? { infinite: Math.sign(value) } : value));
  return Buffer.from(JSON.stringify([highWater, row, ...spelled])).toString('base64url');
}

/**
 * A cursor out of a link, for an order of that many keys.
 *
 * Fails: parameter-invalid
 */
export function parseCursor(text: string, keys: number): Result<Cursor> {
  const parts = partsOf(text);
  const [highWater, row, ...spelled] = parts ?? [];
  const values = spelled.map((value) => (isInfinite(value) ? value.infinite * Infinity : value));
  const sound = values.every((value) => value === null || typeof value === 'number' || typeof value === 'string');
  if (typeof highWater !== 'number' || typeof row !== 'number' || !sound || values.length !== keys) {
    return failure(issue('parameter-invalid', { parameter: 'after', reason: 'it is not a cursor of this search' }));
  }
  return success({ highWater, row, values });
}

function partsOf(text: string): unknown[] | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return Array.isArray(parts) ? parts : undefined;
  } catch {
    return undefined;
  }
}

function isInfinite(value: unknown): value is { infinite: number } {
  return typeof value === 'object' && value !== null && 'infinite' in value && typeof value.infinite === 'number';
}
