import type { MessageRow } from '../journal.ts';
import type { StoredVersion } from '../store.ts';
import type { Collections } from './collections.ts';
import { isEverybodys } from './failure.ts';
import { inGroups } from './group.ts';
import { documentOwner } from './kept-state.ts';
import { readText } from './long-text.ts';
import { messageRow } from './message-row.ts';
import { storedVersions, VERSION_FIELDS } from './version.ts';

/** What there is of so many ids, by id. */
type LookUp<Found> = (ids: readonly string[]) => Promise<ReadonlyMap<string, Found>>;

/** What a message and a request read by its id. */
export interface LookUps {
  readonly versions: LookUp<StoredVersion>;
  readonly owners: LookUp<string>;
  readonly documents: LookUp<string>;
  readonly messages: LookUp<MessageRow>;
}

/** The look-ups of a database. */
export function lookUps(collections: Collections): LookUps {
  const { resources, claims, documents, messages } = collections;
  return {
    versions: gathered(async (_id) => {
      const found = await storedVersions(collections, await resources.find({ _id }, { projection: VERSION_FIELDS }).toArray());
      return found.map((version) => [`${version.type}/${version.id}`, version]);
    }),
    owners: gathered(async (_id) => (await claims.find({ _id }).toArray()).map(({ _id: key, owner }) => [key, owner])),
    documents: gathered(async (_id) =>
      Promise.all(
        (await documents.find({ _id }).toArray()).map(
          async ({ _id: id, json }) => [id, await readText(collections, json, documentOwner(id))] as const,
        ),
      ),
    ),
    messages: gathered(async (_id) =>
      Promise.all(
        (await messages.find({ _id }).toArray()).map(async (one) => {
          const { _id: id } = one;
          return [id, await messageRow(collections, one)] as const;
        }),
      ),
    ),
  };
}

/**
 * For many callers: what is asked for while one look-up is under way goes into the next, together. A message looks up a dozen times, and
 * a command costs more than the document it brings.
 */
function gathered<Found>(find: (ids: { $in: string[] }) => Promise<readonly (readonly [string, Found])[]>): LookUp<Found> {
  const groups = inGroups(async (lists: readonly (readonly string[])[]) => {
    const found = new Map(await find({ $in: [...new Set(lists.flat())] }));
    return lists.map(() => found);
  }, isEverybodys);
  return (ids) => (ids.length === 0 ? Promise.resolve(new Map<string, Found>()) : groups.submit(ids));
}
