import type { SearchQuery } from '../../fhir/search-query.ts';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { failure, type Result, success } from '../../issue/result.ts';
import type { SearchPage } from '../store.ts';
import type { ResourceDocument } from './collections.ts';
import type { Condition } from './comparison.ts';
import { cursorOf, placeOf } from './cursor.ts';
import { isTimeout } from './failure.ts';
import { conjunction } from './filter-query.ts';
import { includedOf } from './include.ts';
import { type PageOrder, pageOrder } from './page-order.ts';
import { matching, type SearchGround } from './sub-search.ts';
import { storedVersions } from './version.ts';

/**
 * A page of a search.
 *
 * Fails: too-costly (it took too long, or a chain goes through too many resources); parameter-invalid (the place is none of ours)
 */
export async function searchPage(query: SearchQuery, ground: SearchGround): Promise<Result<SearchPage>> {
  try {
    return success(await runSearch(query, ground));
  } catch (error) {
    if (isTimeout(error)) return failure(issue('too-costly', { reason: `it took more than ${ground.timeoutMs} ms` }));
    if (error instanceof IssueError) return failure(...error.issues);
    throw error;
  }
}

async function runSearch(query: SearchQuery, ground: SearchGround): Promise<SearchPage> {
  const order = pageOrder(query.sort);
  const [mark, ...place] = query.after === undefined ? [await highWater(ground)] : placeOf(query.after, Object.keys(order.sort).length + 1);
  const condition = await matching(query.types, query.filter, ground);
  const total = query.total === 'none' ? undefined : await totalOf(condition, query.total, ground);
  if (query.count === 0) return { matches: [], included: [], ...(total === undefined ? {} : { total }) };

  const after = query.after === undefined ? undefined : order.after(place);
  // In the order of creation what comes after a place is older than the mark anyway.
  const within = after !== undefined && query.sort.length === 0 ? condition : conjunction([condition, { born: { $lte: Number(mark) } }]);
  const found = await pageOf(within, order, after, query.count + 1, ground);
  const shown = found.slice(0, query.count);
  const last = shown.at(-1);
  const { included, cut } = await includedOf(shown, query.includes, ground);
  return {
    matches: await storedVersions(ground.collections, shown),
    included: await storedVersions(ground.collections, included),
    ...(cut ? { includedCut: true } : {}),
    ...(found.length > shown.length && last !== undefined ? { next: cursorOf([Number(mark), ...order.placeOf({ ...last })]) } : {}),
    ...(total === undefined ? {} : { total }),
  };
}

function pageOf(
  within: Condition,
  order: PageOrder,
  after: Condition | undefined,
  limit: number,
  ground: SearchGround,
): Promise<ResourceDocument[]> {
  const { resources } = ground.collections;
  const fields = { 'ix.r': 1 };
  const whole = { _id: 1, type: 1, id: 1, ver: 1, lu: 1, seq: 1, born: 1, deleted: 1, res: 1, ...fields } as const;
  const limits = { maxTimeMS: ground.timeoutMs };
  if (order.computed === undefined) {
    const condition = after === undefined ? within : conjunction([within, after]);
    return resources.find(condition, { ...limits, sort: order.sort, limit, projection: whole }).toArray();
  }
  const computed = Object.fromEntries(Object.keys(order.computed).map((name) => [name, 1]));
  const stages = [
    { $match: within },
    { $set: order.computed },
    ...(after === undefined ? [] : [{ $match: after }]),
    { $sort: order.sort },
    { $limit: limit },
    { $project: { ...whole, ...computed } },
  ];
  return resources.aggregate<ResourceDocument>(stages, { ...limits, allowDiskUse: true }).toArray();
}

/** The last number given out: what is created later is no part of these pages. */
async function highWater(ground: SearchGround): Promise<number> {
  return (await ground.collections.counters.findOne({ _id: 'commit' }))?.seq ?? 0;
}

/** How many there are. An estimate that takes too long is left out; an accurate total that does fails the search. */
async function totalOf(condition: Condition, kind: 'estimate' | 'accurate', ground: SearchGround): Promise<number | undefined> {
  try {
    return await ground.collections.resources.countDocuments(condition, { maxTimeMS: kind === 'estimate' ? 1000 : ground.timeoutMs });
  } catch (error) {
    if (kind === 'estimate' && isTimeout(error)) return undefined;
    throw error;
  }
}
