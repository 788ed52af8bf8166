import { isDeepStrictEqual } from 'node:util';
import type { Store } from '../store/store.ts';
import { auditEvents } from './audit-events.ts';
import { readArchive } from './archive.ts';
import type { AuditRecord } from './audit-record.ts';
import { follows, type Head, type Link } from './chain.ts';
import { type Archived, linksAfter, MADE, readHead, readStart } from './kept-trail.ts';

/** What a check of the trail found. */
export interface TrailReport {
  /** The link before the first of them: the last that was archived. */
  readonly start: Head;
  readonly links: number;
  readonly records: number;
  /** AuditEvents that were held against their records. */
  readonly events: number;
  /** The last hash. Kept elsewhere, it proves later that nothing before it was changed. */
  readonly hash: string;
  /** What is wrong, in words without anything of a patient. Empty: the trail is whole. */
  readonly faults: readonly string[];
}

const MOST_FAULTS = 20;

/** Checks every link of the chain, that it begins where an archive ended and ends where the last is, and every AuditEvent made from it. */
export async function verifyTrail(store: Store): Promise<TrailReport> {
  const { head } = await readHead(store);
  const { start } = await readStart(store);
  let isStartKnown = start.number === 0;
  const report = await verifyLinks(store, start, start.to ?? 0, linksAfter(store, start.number), (record) => {
    if (record.what === 'archive') isStartKnown ||= endsAt(JSON.parse(record.query ?? '{}') as Partial<Archived>, start);
  });
  const faults = [...report.faults];
  if (!isStartKnown) faults.push(`the chain begins after link ${start.number}, and no record says where those before it went`);
  const isAtEnd = report.last.number === head.number && report.last.hash === head.hash;
  if (faults.length < MOST_FAULTS && !isAtEnd)
    faults.push(`the chain ends with link ${report.last.number}, and link ${head.number} was the last`);
  return { ...report, faults };
}

/** Checks an archive by itself, and the AuditEvents made from it where some are stored still. Fails: throws IssueError audit-faulty */
export async function verifyArchive(store: Store, path: string): Promise<TrailReport> {
  const { start, links } = await readArchive(path);
  return verifyLinks(store, start, Number.POSITIVE_INFINITY, links, () => undefined);
}

/** A stop while links were deleted leaves a start within what was archived. */
function endsAt({ from = 0, to = 0, hash }: Partial<Archived>, start: Head): boolean {
  return start.number === to ? start.hash === hash : from <= start.number && start.number < to;
}

/** `archivedTo`: the AuditEvents of links up to this one may be gone. */
async function verifyLinks(
  store: Store,
  { number, hash }: Head,
  archivedTo: number,
  links: AsyncIterable<Link>,
  look: (record: AuditRecord) => void,
): Promise<TrailReport & { readonly last: Head }> {
  const [text] = await store.documents([MADE]);
  const made = Number(text ?? 0);
  const faults: string[] = [];
  const start: Head = { number, hash };
  let [last, count, records, events]: [Head, number, number, number] = [start, 0, 0, 0];
  for await (const link of links) {
    if (!follows(link, last)) faults.push(`link ${link.number} does not follow link ${last.number}, or was changed`);
    last = { number: link.number, hash: link.hash };
    count += 1;
    records += link.records.length;
    for (const record of link.records) look(record);
    if (link.number <= made) events += await checkEvents(store, link, link.number <= archivedTo, faults);
    if (faults.length >= MOST_FAULTS) break;
  }
  return { start, links: count, records, events, hash: last.hash, faults, last };
}

/** How many were held against the link. */
async function checkEvents(store: Store, link: Link, mayBeGone: boolean, faults: string[]): Promise<number> {
  const expected = link.records.flatMap(auditEvents);
  const kept = await store.readMany(expected.map(({ id }) => ({ type: 'AuditEvent', id })));
  let checked = 0;
  expected.forEach((event, index) => {
    const version = kept[index];
    if (version === undefined && mayBeGone) return;
    checked += 1;
    const name = `AuditEvent/${event.id}`;
    if (version === undefined || version.deleted) faults.push(`${name} of link ${link.number} is gone`);
    else if (version.version !== 1 || !isDeepStrictEqual(withoutMeta(version.json), JSON.parse(JSON.stringify(event))))
      faults.push(`${name} of link ${link.number} was changed`);
  });
  return checked;
}

/** Undefined: somebody made of it what is no JSON. */
function withoutMeta(json: string): unknown {
  try {
    const { meta: _, ...rest } = JSON.parse(json) as Record<string, unknown>;
    return rest;
  } catch {
    return undefined;
  }
}
