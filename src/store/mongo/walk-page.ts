import type { FindCursor } from 'mongodb';
import type { WalkQuery } from '../store.ts';
import { STRETCH, STRETCH_BYTES, stretchOf, type WalkStretch } from '../walk.ts';
import type { Collections, HistoryDocument, ResourceDocument } from './collections.ts';
import type { Condition } from './comparison.ts';
import { storedVersions, VERSION_FIELDS } from './version.ts';

type Document = Omit<HistoryDocument, 'until'>;

/** A stretch of a walk. What is superseded in between has moved from the first collection to the second: in this order it is met twice, never missed. */
export async function walkPage(collections: Collections, query: WalkQuery, after: number): Promise<WalkStretch> {
  const upTo = query.upTo ?? Number.MAX_SAFE_INTEGER;
  const condition: Condition = {
    ...(query.type === undefined ? {} : { type: query.type }),
    seq: { $gt: after, $lte: upTo },
    ...(query.since === undefined ? {} : { lu: { $gte: query.since } }),
  };
  const order = { sort: { seq: 1 }, limit: STRETCH } as const;
  const present = await some(collections.resources.find(condition, { ...order, projection: VERSION_FIELDS }));
  const past = await some(collections.history.find(condition, order));
  const stillCurrent = query.current === true ? await currentAt(collections, past.documents, upTo) : past.documents;
  const found = new Map<number, Document>();
  for (const document of [...stillCurrent, ...present.documents]) found.set(document.seq, document);
  const steps = [...found.values()].map((document) => ({ seq: document.seq, bytes: bytesOf(document), document }));
  const { steps: taken, next } = stretchOf(steps, Math.min(upTo, present.horizon, past.horizon), upTo);
  const versions = await storedVersions(
    collections,
    taken.map(({ document }) => document),
  );
  return { versions, ...(next === undefined ? {} : { next }) };
}

/** As many as make a stretch; where more may follow, nothing is known behind the last. */
async function some(cursor: FindCursor<Document | ResourceDocument>): Promise<{ documents: Document[]; horizon: number }> {
  const documents: Document[] = [];
  let bytes = 0;
  for await (const document of cursor) {
    documents.push(document);
    bytes += bytesOf(document);
    if (bytes > STRETCH_BYTES) break;
  }
  await cursor.close();
  const whole = documents.length < STRETCH && bytes <= STRETCH_BYTES;
  return { documents, horizon: whole ? Number.POSITIVE_INFINITY : (documents.at(-1)?.seq ?? 0) };
}

/** Those that nothing had taken the place of when `upTo` was the last commit. */
async function currentAt(collections: Collections, past: readonly Document[], upTo: number): Promise<Document[]> {
  if (past.length === 0) return [];
  const nextOf = ({ type, id, ver }: Document): string => `${type}/${id}/${ver + 1}`;
  const names = [...new Set(past.map(({ type, id }) => `${type}/${id}`))];
  const fields = { projection: { _id: 1, ver: 1, seq: 1 } } as const;
  const present = await collections.resources.find({ _id: { $in: names } }, fields).toArray();
  const later = await collections.history.find({ _id: { $in: past.map(nextOf) } }, fields).toArray();
  const places = new Map<string, number>([
    ...present.map(({ _id, ver, seq }) => [`${_id}/${ver}`, seq] as const),
    ...later.map(({ _id, seq }) => [_id, seq] as const),
  ]);
  return past.filter((document) => (places.get(nextOf(document)) ?? Number.POSITIVE_INFINITY) > upTo);
}

/** Long texts are in parts of 8 MiB. */
function bytesOf({ res }: Document): number {
  return typeof res === 'string' ? res.length : res.parts * STRETCH_BYTES;
}
