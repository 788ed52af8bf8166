import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';

/** A place in an order, as a link carries it. */
export type Place = readonly (string | number | null)[];

/** A place as text that nobody else reads. */
export function cursorOf(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/**
 * The place a cursor names, which must have as many members as the order asked for.
 *
 * Fails: parameter-invalid, thrown: no store gave this cursor for this query
 */
export function placeOf(cursor: string, members: number): Place {
  try {
    const place = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown;
    if (Array.isArray(place) && place.length === members && place.every(isMember)) return place as Place;
  } catch {
    // said below
  }
  throw new IssueError(issue('parameter-invalid', { parameter: '_after', reason: 'it is not a place this server named' }));
}

function isMember(value: unknown): boolean {
  return value === null || typeof value === 'string' || typeof value === 'number';
}
