import type { Granted } from './access.ts';
import type { Right, Scope } from './scope.ts';

/** What a token says, as it is kept with what is done for its owner later. */
export function writeGrant({ scopes, ...rest }: Granted): string {
  return JSON.stringify({ ...rest, scopes: scopes.map(({ rights, ...scope }) => ({ ...scope, rights: [...rights] })) });
}

/** The same, read. */
export function readGrant(text: string): Granted {
  const { scopes, ...rest } = JSON.parse(text) as Omit<Granted, 'scopes'> & { scopes: (Omit<Scope, 'rights'> & { rights: Right[] })[] };
  return { ...rest, scopes: scopes.map(({ rights, ...scope }) => ({ ...scope, rights: new Set(rights) })) };
}
