import type { StoredVersion } from '../../store/store.ts';
import type { Judge } from './judge.ts';

/**
 * Of what a search includes, that which hangs on its matches by resources that are all visible: one that is reached through a hidden resource
 * alone would tell that the hidden one is there.
 */
export function reachable(matches: readonly StoredVersion[], included: readonly StoredVersion[], judge: Judge): StoredVersion[] {
  const references = new Map([...matches, ...included].map((version) => [nameOf(version), new Set(judge.referencesOf(version))]));
  const reached = new Set(matches.map(nameOf));
  let open = [...reached];
  while (open.length > 0) {
    const fresh = included
      .map(nameOf)
      .filter(
        (name) => !reached.has(name) && open.some((from) => references.get(from)?.has(name) === true || references.get(name)?.has(from)),
      );
    for (const name of fresh) reached.add(name);
    open = fresh;
  }
  return included.filter((version) => reached.has(nameOf(version)));
}

function nameOf({ type, id }: StoredVersion): string {
  return `${type}/${id}`;
}
