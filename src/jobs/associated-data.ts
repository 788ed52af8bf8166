import { parseReference } from '../fhir/references.ts';
import { searchOf } from '../fhir/search-query.ts';
import { readWritten } from '../fhir/written-number.ts';
import { IssueError } from '../issue/issue-error.ts';
import type { Store, StoredVersion } from '../store/store.ts';
import { versionAt } from './group-members.ts';
import type { Selection } from './selection.ts';

const AT_ONCE = 20;

/** Which Provenance goes with what is given, beside those that are asked for themselves. */
export interface Associated {
  /** All about it, or the most recent about each of it. */
  readonly which: 'relevant' | 'latest';
  /** No Provenance is asked for itself. */
  readonly alone: boolean;
}

/**
 * Whether a Provenance is about something that is given: as all stood after the commit of the export.
 *
 * Source: Bulk Data Access 3.0.0, Export: includeAssociatedData
 */
export async function isAssociated(
  provenance: StoredVersion,
  { which }: Associated,
  selection: Selection,
  upTo: number,
  store: Store,
): Promise<boolean> {
  for (const { type, id } of targetsOf(provenance)) {
    if (type === 'Provenance') continue;
    const standing = await versionAt(store, type, id, upTo);
    if (standing === undefined || !selection.has(standing)) continue;
    if (which === 'relevant' || (await latestOf(type, id, upTo, store)) === provenance.id) return true;
  }
  return false;
}

/** The id of the Provenance that was made last of those about a resource. */
async function latestOf(type: string, id: string, upTo: number, store: Store): Promise<string | undefined> {
  const filter = { op: 'reference', parameter: 'target', type, id } as const;
  let after: string | undefined;
  do {
    const page = await store.search(searchOf('Provenance', filter, { count: AT_ONCE, ...(after === undefined ? {} : { after }) }));
    if (!page.ok) throw new IssueError(...page.issues);
    for (const found of page.value.matches)
      if (found.seq <= upTo || (await versionAt(store, 'Provenance', found.id, upTo)) !== undefined) return found.id;
    after = page.value.next;
  } while (after !== undefined);
  return undefined;
}

function targetsOf({ json }: StoredVersion): { type: string; id: string }[] {
  const { target = [] } = readWritten(json) as { target?: readonly { readonly reference?: unknown }[] };
  return target.flatMap(({ reference }) => {
    const found = typeof reference === 'string' ? parseReference(reference) : undefined;
    return found?.kind === 'relative' ? [{ type: found.type, id: found.id }] : [];
  });
}
