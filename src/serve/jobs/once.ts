import { Bug } from '../../issue/issue-error.ts';
import { overStore } from '../../store/over-store.ts';
import type { DocumentKey, Store, Write } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { etagOf, type Reply } from '../reply.ts';

/** What a mark says: the versions that were written with it. */
interface Written {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly deleted: boolean;
}

/**
 * Does something that may write once, however often it is begun: its mark is written with its change. Where the mark is there already, the answer
 * is what the mark tells, without the resource.
 */
export async function once(mark: DocumentKey, context: Context, work: (store: Store) => Promise<Reply>): Promise<Reply> {
  const { store } = context;
  const [done] = await store.documents([mark]);
  if (done !== undefined) return told(JSON.parse(done) as Written[], context.settings.baseUrl);
  return work(
    overStore(store, {
      commit: ({ documents = [], ...change }) => {
        const json = JSON.stringify((change.writes ?? []).map(written));
        return store.commit({ ...change, documents: [...documents, { ...mark, json, expected: null }] });
      },
    }),
  );
}

function written({ type, id, expected, resource }: Write): Written {
  if (expected === undefined) throw new Bug('a write says no version it was decided on');
  return { type, id, version: expected + 1, deleted: resource === undefined };
}

function told(versions: readonly Written[], baseUrl: string): Reply {
  const [first] = versions;
  if (first === undefined || versions.length > 1) return { status: versions.every(({ deleted }) => deleted) ? 204 : 200, headers: {} };
  const { type, id, version, deleted } = first;
  const etag = etagOf(version);
  if (deleted) return { status: 204, headers: { etag } };
  return { status: version === 1 ? 201 : 200, headers: { etag, location: `${baseUrl}/${type}/${id}/_history/${version}` } };
}
