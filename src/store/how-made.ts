import type { StoredVersion, Write } from './store.ts';

/** How a version came about, as it is kept: what goes without saying is not. */
export interface HowMade {
  readonly method?: Write['method'];
  /** It brought back what was deleted. */
  readonly again?: true;
}

/** What is kept of how a version comes about; what another store kept is taken as it is. */
export function howMade({ method, kept }: Pick<Write, 'method' | 'kept'>, before: { readonly deleted: boolean } | undefined): HowMade {
  const asked = kept === undefined ? method : kept.method;
  const again = kept === undefined ? before?.deleted === true : kept.created && kept.version > 1;
  return { ...(asked === 'POST' || asked === 'PATCH' ? { method: asked } : {}), ...(again ? { again } : {}) };
}

/** How a version came about, as it is told. */
export function toldHowMade(how: HowMade, { version, deleted }: Pick<StoredVersion, 'version' | 'deleted'>) {
  if (deleted) return { method: 'DELETE', created: false } as const;
  return { method: how.method ?? ('PUT' as const), created: version === 1 || how.again === true };
}
