/** What may be done with resources of a type: create, read, update, delete, search. */
export type Right = 'c' | 'r' | 'u' | 'd' | 's';

/** Every right, in the order SMART writes them. */
export const RIGHTS: readonly Right[] = ['c', 'r', 'u', 'd', 's'];

/** One scope of a token. */
export interface Scope {
  /** Whose data: anybody's, what the user may, or one patient's. */
  readonly context: 'system' | 'user' | 'patient';
  /** A resource type, or * */
  readonly type: string;
  readonly rights: ReadonlySet<Right>;
  /** The criteria resources must meet. Shape: category=laboratory */
  readonly query?: string;
}

const OF_V1: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' };

/**
 * A SMART scope about resources, of version 1 or 2; undefined for any other (launch, openid) and for one that is not well-formed.
 *
 * Shape:  system/Observation.rs?category=laboratory; patient/*.read
 * Source: SMART App Launch 2.2, Scopes and Launch Context
 */
export function parseScope(text: string): Scope | undefined {
  const [, context, type, rights = '', query] = /^(system|user|patient)\/(\*|[A-Z][A-Za-z]{1,63})\.([a-z*]+)(?:\?(.+))?$/.exec(text) ?? [];
  if (context === undefined || type === undefined) return undefined;
  const letters = Object.hasOwn(OF_V1, rights) ? (OF_V1[rights] as string) : rights;
  if (!/^(?=.)c?r?u?d?s?$/.test(letters) || (letters !== rights && query !== undefined)) return undefined;
  return {
    context: context as Scope['context'],
    type,
    rights: new Set(RIGHTS.filter((right) => letters.includes(right))),
    ...(query === undefined ? {} : { query }),
  };
}

/** The scopes of a list separated by blanks; what is no scope about resources gives nothing. */
export function parseScopes(text: string): Scope[] {
  return text.split(' ').flatMap((word) => parseScope(word) ?? []);
}

/** Whether everything one scope allows is allowed by a single one of others. */
export function isWithin(asked: Scope, allowed: readonly Scope[]): boolean {
  return allowed.some(
    (one) =>
      one.context === asked.context &&
      (one.type === '*' || one.type === asked.type) &&
      [...asked.rights].every((right) => one.rights.has(right)) &&
      (one.query === undefined || one.query === asked.query),
  );
}
