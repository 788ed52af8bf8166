import type { HistoryPage, HistoryQuery } from '../store.ts';
import type { Collections, HistoryDocument, ResourceDocument } from './collections.ts';
import { type Condition } from './comparison.ts';
import { cursorOf, placeOf } from './cursor.ts';
import { storedVersions, VERSION_FIELDS } from './version.ts';

/**
 * A page of history, newest first.
 *
 * Fails: parameter-invalid, thrown: the place is none of ours
 */
export async function historyPage(collections: Collections, query: HistoryQuery): Promise<HistoryPage> {
  const about: Condition = {
    ...(query.type === undefined ? {} : { type: query.type }),
    ...(query.id === undefined ? {} : { id: query.id }),
  };
  const times: Condition[] = [];
  if (query.since !== undefined) times.push({ lu: { $gte: query.since } });
  if (query.at !== undefined) times.push({ lu: { $lt: query.at.high } });
  const place = query.after === undefined ? undefined : Number(placeOf(query.after, 1)[0]);
  const condition: Condition = {
    ...about,
    ...(place === undefined ? {} : { seq: { $lt: place } }),
    ...(times.length === 0 ? {} : { $and: times }),
  };
  const past: Condition = query.at === undefined ? condition : { ...condition, until: { $gt: query.at.low } };
  const page = { sort: { seq: -1 }, limit: query.count + 1 } as const;
  // What is superseded in between has moved from the first collection to the second: in this order it is met twice, never missed.
  const present = query.type === undefined || query.id === undefined ? condition : { ...condition, _id: `${query.type}/${query.id}` };
  const current = await collections.resources.find(present, { ...page, projection: VERSION_FIELDS }).toArray();
  const superseded = await collections.history.find(past, page).toArray();
  const versions = new Map<number, HistoryDocument | Omit<ResourceDocument, 'ix'>>();
  for (const version of [...superseded, ...current]) versions.set(version.seq, version);
  const found = [...versions.values()].sort((a, b) => b.seq - a.seq);
  const shown = found.slice(0, query.count);
  const last = shown.at(-1);
  const total = query.id === undefined ? undefined : await countOf(collections, about, query);
  return {
    versions: await storedVersions(collections, shown),
    ...(found.length > shown.length && last !== undefined ? { next: cursorOf([last.seq]) } : {}),
    ...(total === undefined ? {} : { total }),
  };
}

/** How many versions the whole history of one resource shows; of a type or of everything nobody counts. */
async function countOf(collections: Collections, about: Condition, { since, at }: HistoryQuery): Promise<number> {
  const lu = { ...(since === undefined ? {} : { $gte: since }), ...(at === undefined ? {} : { $lt: at.high }) };
  const condition: Condition = Object.keys(lu).length === 0 ? about : { ...about, lu };
  const past: Condition = at === undefined ? condition : { ...condition, until: { $gt: at.low } };
  return (await collections.resources.countDocuments(condition)) + (await collections.history.countDocuments(past));
}
