import { createHash } from 'node:crypto';
import { closeSync, createReadStream, existsSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import type { DocumentWrite, Store } from '../store/store.ts';
import { auditEvents } from './audit-events.ts';
import type { AuditRecord } from './audit-record.ts';
import { follows, type Head, keyOf, type Link, readLink } from './chain.ts';
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

const DELETED_TOGETHER = 200;
const ERASED_TOGETHER = 500;
const EVENTS_AT_ONCE = 50_000;

/**
 * Moves the oldest links of the chain into a file: first the file, then a record in the chain that says which links went, where to and with
 * which hash they end, then they and the AuditEvents made of them are deleted. The chain goes on from there, and both halves can be checked.
 * What an earlier archive left to delete when it was stopped goes first.
 *
 * @returns undefined when no link is old enough; the last link always stays
 * Fails: throws IssueError target-not-empty (the file is there), audit-faulty (a link does not follow the one before)
 */
export async function archiveTrail(store: Store, { path, before, now, newId }: ArchiveParts): Promise<Archived | undefined> {
  await forget(store);
  while (!(await makeEvents(store, EVENTS_AT_ONCE)));
  const { head } = await readHead(store);
  const { start } = await readStart(store);
  const isOld = (link: Link) => link.number < head.number && link.records.every(({ time }) => Date.parse(time) < before);
  let last: Head = start;
  let until = '';
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
      for (const { time } of link.records) if (time > until) until = time;
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (last.number === start.number) {
    rmSync(path);
    return undefined;
  }
  const { number: to, hash: end } = last;
  const archived: Archived = { from: start.number + 1, to, hash: end, sha256: hash.digest('hex'), path: resolve(path), until };
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
  await mark(store, archived);
  await forget(store);
  return archived;
}

/** Says which links are about to go, and where whoever looks for them finds them. */
async function mark(store: Store, { to, path, until }: Archived): Promise<void> {
  const { start, text } = await readStart(store);
  const archives = [...(start.archives ?? []), { file: basename(path), until }];
  await store.commit({ documents: [{ ...START, json: JSON.stringify({ ...start, to, archives }), expected: text }] });
}

/** Deletes what is in an archive, and moves the start of the chain along with it. */
async function forget(store: Store): Promise<void> {
  for (;;) {
    const { start, text } = await readStart(store);
    const { number, to = number } = start;
    const links = (await store.listDocuments(LINKS, keyOf(number), DELETED_TOGETHER)).map(readLink);
    const gone = links.filter((link) => link.number <= to);
    const last = gone.at(-1);
    if (last === undefined) return;
    // the events first: a link that is gone tells of none
    const events = gone.flatMap(({ records }) => records.flatMap(auditEvents)).map(({ id }) => ({ type: 'AuditEvent', id }));
    for (let at = 0; at < events.length; at += ERASED_TOGETHER) await store.commit({ erase: events.slice(at, at + ERASED_TOGETHER) });
    const documents: DocumentWrite[] = gone.map((link) => ({ kind: LINKS, key: keyOf(link.number) }));
    const next = JSON.stringify({ ...start, number: last.number, hash: last.hash });
    await store.commit({ documents: [...documents, { ...START, json: next, expected: text }] });
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
