import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Change, Commit, DocumentWrite, Store } from '../../store/store.ts';
import { overStore } from '../../store/over-store.ts';
import { PARAMETER_STATE } from '../../store/store-digest.ts';
import { type NamedParameter, parametersIn, parametersOf } from './named-parameters.ts';

/** What a process knows of the search parameters made at run time. */
export interface Knowledge {
  /** Of those named, the ones made at run time: the document of each, as it was when it was last looked for. */
  known(named: () => readonly NamedParameter[]): readonly (DocumentWrite & { readonly json: string })[];
  /** Whether they are all searched by still, just as this process knows them. */
  hold(known: readonly DocumentWrite[]): Promise<boolean>;
  /** Looks for what came and went. */
  refresh(): Promise<void>;
  /** Whether it was looked for so long ago that others may have begun to look through what is stored. */
  isLate(): boolean;
  /** Another number, another set of parameters. */
  revision(): number | undefined;
}

/**
 * The store of one of several processes: others may change the parameters made at run time, and index by what they know. A search by one is held
 * against its state after it ran, a condition within the commit; searches by those of R4 cost nothing more. What was written by parameters
 * that are out of date is looked through once more.
 *
 * Fails: throws IssueError search-parameter-changed
 */
export function watchedStore(inner: Store, knowledge: Knowledge): Store {
  async function commit(change: Change): Promise<Commit> {
    const conditions = knowledge.known(() => (change.guards ?? []).flatMap(({ type, filter }) => parametersIn(filter, [type])));
    const before = knowledge.revision();
    const documents = conditions.map((one) => ({ ...one, expected: one.json }));
    const committed = await inner.commit(
      documents.length === 0 ? change : { ...change, documents: [...(change.documents ?? []), ...documents] },
    );
    if (!committed.ok) {
      if (committed.conflict === 'document' && committed.subject.startsWith(`${PARAMETER_STATE}/`)) await knowledge.refresh();
      return committed;
    }
    const written = committed.versions.filter(({ deleted }) => !deleted);
    if (written.length === 0) return committed;
    if (knowledge.isLate()) await knowledge.refresh();
    if (knowledge.revision() !== before) await inner.reindex(written);
    return committed;
  }

  return overStore(inner, {
    commit,
    async search(query) {
      const known = knowledge.known(() => parametersOf(query));
      const found = await inner.search(query);
      if (known.length === 0 || (await knowledge.hold(known))) return found;
      await knowledge.refresh();
      throw new IssueError(issue('search-parameter-changed'));
    },
  });
}
