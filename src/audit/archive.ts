import { createHash } from 'node:crypto';
import { closeSync, createReadStream, existsSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import type { DocumentWrite, Store } from '../store/store.ts';
import type { AuditRecord } from './audit-record.ts';
import { follows, type Head, keyOf, type Link } from './chain.ts';
import { type Archived, LINKS, linksAfter, readHead, readStart, START } from './kept-trail.ts';
import { makeEvents } from './make-events.ts';
import { createTrail } from './trail.ts';

/** What archiving needs beside the store. */
export interface ArchiveParts {
  /** A file that is not there yet. */
  readonly path: string;
  /** Links of which every record is older go. UTC ms. */
  readonly before: number;
  readonly now: Date;
  readonly newId: () => string;
}

const DELETED_TOGETHER = 500;
const EVENTS_AT_ONCE = 50_000;

/**
 * Moves the oldest links of the chain into a file: first the file, then a record in the chain that says which links went and with which hash
 * they end, then they are deleted. The chain goes on from there, and both halves can be checked. AuditEvents made of them stay.
 *
 * @returns undefined when no link is old enough; the last link always stays
 * Fails: throws IssueError target-not-empty (the file is there), audit-faulty (a link does not follow the one before)
 */
export async function archiveTrail(store: Store, { path, before, now, newId }: ArchiveParts): Promise<Archived | undefined> {
  while (!(await makeEvents(store, EVENTS_AT_ONCE)));
  const { head } = await readHead(store);
  const { start } = await readStart(store);
  const isOld = (link: Link) => link.number < head.number && link.records.every(({ time }) => Date.parse(time) < before);
  let last: Head = start;
  const file = create(path);
  const hash = createHash('sha256');
  const write = (value: object) => {
    const bytes = Buffer.from(`${JSON.stringify(value)}\n`, 'utf8');
    hash.update(bytes);
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
  };
  try {
    write({ archive: 'chartbridge audit', after: start });
    for await (const link of linksAfter(store, start.number)) {
      if (!isOld(link)) break;
      if (!follows(link, last))
        throw new IssueError(issue('audit-faulty', { reason: `link ${link.number} does not follow link ${last.number}` }));
      write(link);
      last = { number: link.number, hash: link.hash };
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (last.number === start.number) {
    rmSync(path);
    return undefined;
  }
  const archived: Archived = { from: start.number + 1, to: last.number, hash: last.hash, sha256: hash.digest('hex') };
  const record: AuditRecord = {
    id: newId(),
    time: now.toISOString(),
    what: 'archive',
    method: '',
    client: 'chartbridge',
    peer: '',
    query: JSON.stringify(archived),
    outcome: 'success',
    patients: [],
  };
  await createTrail(store).record(record);
  await forget(store, archived);
  return archived;
}

/** Deletes links from the front, and moves the start of the chain along with them. */
async function forget(store: Store, { to }: Archived): Promise<void> {
  for (;;) {
    const { start, text } = await readStart(store);
    if (start.number >= to) return;
    const links = (await store.listDocuments(LINKS, keyOf(start.number), DELETED_TOGETHER)).map(({ json }) => JSON.parse(json) as Link);
    const gone = links.filter(({ number }) => number <= to);
    const last = gone.at(-1);
    if (last === undefined) return;
    const documents: DocumentWrite[] = gone.map(({ number }) => ({ kind: LINKS, key: keyOf(number) }));
    await store.commit({
      documents: [...documents, { ...START, json: JSON.stringify({ number: last.number, hash: last.hash }), expected: text }],
    });
  }
}

function create(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch {
    throw new IssueError(issue('target-not-empty', { target: path }));
  }
}

/** An archive as it is read: where it begins, and its links. Fails: throws IssueError audit-faulty */
export async function readArchive(path: string): Promise<{ readonly start: Head; readonly links: AsyncIterable<Link> }> {
  if (!existsSync(path)) throw new IssueError(issue('audit-faulty', { reason: 'there is no such archive' }));
  const lines = createInterface({ input: createReadStream(path, 'utf8') })[Symbol.asyncIterator]();
  const parse = (line: string): unknown => {
    try {
      return JSON.parse(line);
    } catch {
      throw new IssueError(issue('audit-faulty', { reason: 'the archive is cut or changed: a line of it is no JSON' }));
    }
  };
  const first = await lines.next();
  const head = first.done === true ? undefined : (parse(first.value) as { after?: Head });
  if (head?.after === undefined) throw new IssueError(issue('audit-faulty', { reason: 'this is no archive of an audit trail' }));
  return {
    start: head.after,
    links: (async function* () {
      for (let line = await lines.next(); line.done !== true; line = await lines.next()) yield parse(line.value) as Link;
    })(),
  };
}
