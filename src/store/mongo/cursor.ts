import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';

/** A place in an order, as a link carries it. */
export type Place = readonly (string | number | null)[];

/** A place as text that nobody else reads. */
export function cursorOf(place: Place): string {
  // A number as text: JSON has no infinity, and a period may be open.
  const members = place.map((member) => (member === null ? null : typeof member === 'number' ? `n${member}` : `t${member}`));
  return Buffer.from(JSON.stringify(members)).toString('base64url');
}

/**
 * The place a cursor names, which must have as many members as the order asked for.
 *
 * Fails: parameter-invalid, thrown: no store gave this cursor for this query
 */
export function placeOf(cursor: string, members: number): Place {
  try {
    const found = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown;
    if (Array.isArray(found) && found.length === members && found.every(isMember))
      return found.map((member) => (member === null ? null : member.startsWith('n') ? Number(member.slice(1)) : member.slice(1)));
  } catch {
    // said below
  }
  throw new IssueError(issue('parameter-invalid', { parameter: '_after', reason: 'it is not a place this server named' }));
}

function isMember(value: unknown): value is string | null {
  return value === null || (typeof value === 'string' && /^(t|n-?(\d|Infinity))/.test(value));
}
