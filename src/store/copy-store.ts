import { readWritten } from '../fhir/written-number.ts';
import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import type { DocumentKey, Store, StoredVersion, Write } from './store.ts';
import { digestOf, NOT_KEPT, type StoreDigest } from './store-digest.ts';

/** Marks a copy that has begun and not ended, so that it can be gone on with, and so that nobody takes it for the whole. @internal */
export const COPYING: DocumentKey = { kind: 'copy', key: 'begun' };

const TOGETHER = 200;

/** How far a copy is. */
export interface CopyProgress {
  readonly versions: number;
  readonly messages: number;
}

/**
 * Copies everything one store keeps into another, each version and message with its place, time, method and text, and compares the two at the end.
 * A copy that was broken off goes on where it stopped. Nobody may write to either meanwhile.
 *
 * Fails: throws IssueError target-not-empty (it holds what no copy put there), copy-differs
 */
export async function copyStore(from: Store, to: Store, report: (progress: CopyProgress) => void = () => undefined): Promise<StoreDigest> {
  await begin(to);
  const progress = { versions: 0, messages: 0 };
  const [newest] = (await to.history({ count: 1 })).versions;
  for await (const versions of from.walk({ after: newest?.seq ?? 0 })) {
    for (const together of withoutRepeats(versions)) {
      const commit = await to.commit({ writes: together.map(writeOf) });
      if (!commit.ok) throw new IssueError(issue('copy-differs', { what: `the history of ${commit.subject}` }));
    }
    progress.versions += versions.length;
    report(progress);
  }
  const [last] = (await to.journal.search({ count: 1 })).rows;
  for (let after = last?.seq ?? 0; ; ) {
    const rows = await from.journal.list(after, TOGETHER);
    for (const row of rows) {
      const raw = await from.journal.raw(row.id);
      await to.journal.receive({ ...row, status: 'received', raw, kept: row });
      after = row.seq;
    }
    progress.messages += rows.length;
    report(progress);
    if (rows.length < TOGETHER) break;
  }
  await to.commit({ feeds: await from.journal.feeds() });
  await copyClaims(from, to);
  await copyDocuments(from, to);
  const [there, here] = [await digestOf(from), await digestOf(to)];
  const different = Object.keys(there).find((name) => there[name as keyof StoreDigest] !== here[name as keyof StoreDigest]);
  if (different !== undefined) throw new IssueError(issue('copy-differs', { what: different }));
  await to.commit({ documents: [COPYING] });
  return here;
}

/** Fails: throws IssueError target-not-empty */
async function begin(to: Store): Promise<void> {
  const [begun] = await to.documents([COPYING]);
  if (begun !== undefined) return;
  const isEmpty =
    (await to.history({ count: 1 })).versions.length === 0 &&
    (await to.journal.search({ count: 1 })).rows.length === 0 &&
    (await to.listClaims('', 1)).length === 0 &&
    (await to.documentKinds()).length === 0;
  if (!isEmpty) throw new IssueError(issue('target-not-empty', { target: 'the store copied to' }));
  await to.commit({ documents: [{ ...COPYING, json: '{}' }] });
}

async function copyClaims(from: Store, to: Store): Promise<void> {
  for (let after = ''; ; ) {
    const claims = await from.listClaims(after, TOGETHER);
    const owners = await to.owners(claims.map(({ key }) => key));
    const missing = claims.filter((_, index) => owners[index] === undefined);
    if (missing.length > 0) await to.commit({ claims: missing });
    if (claims.length < TOGETHER) return;
    after = claims.at(-1)?.key ?? '';
  }
}

async function copyDocuments(from: Store, to: Store): Promise<void> {
  for (const kind of (await from.documentKinds()).filter((one) => !NOT_KEPT.has(one))) {
    for (let after = ''; ; ) {
      const documents = await from.listDocuments(kind, after, TOGETHER);
      if (documents.length > 0) await to.commit({ documents: documents.map(({ key, json }) => ({ kind, key, json })) });
      if (documents.length < TOGETHER) break;
      after = documents.at(-1)?.key ?? '';
    }
  }
}

function writeOf(version: StoredVersion): Write {
  const { type, id, deleted, json } = version;
  const about = { type, id, expected: version.version - 1, kept: version };
  if (deleted) return about;
  return { ...about, resource: readWritten(json) as Record<string, unknown> };
}

/** In order, cut so that no resource is twice in one of them: a change decides on what was there before it. */
function withoutRepeats(versions: readonly StoredVersion[]): StoredVersion[][] {
  const cut: StoredVersion[][] = [[]];
  let seen = new Set<string>();
  for (const version of versions) {
    const name = `${version.type}/${version.id}`;
    if (seen.has(name) || seen.size >= TOGETHER) {
      cut.push([]);
      seen = new Set();
    }
    seen.add(name);
    cut.at(-1)?.push(version);
  }
  return cut.filter((some) => some.length > 0);
}
