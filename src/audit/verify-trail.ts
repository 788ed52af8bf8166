import { isDeepStrictEqual } from 'node:util';
import type { Store } from '../store/store.ts';
import { auditEvents } from './audit-events.ts';
import { EMPTY, follows, type Head, type Link } from './chain.ts';
import { linksAfter, MADE, readHead } from './kept-trail.ts';

/** What a check of the trail found. */
export interface TrailReport {
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

/** Checks every link of the chain, that the last is where the chain ends, and every AuditEvent made from it. */
export async function verifyTrail(store: Store): Promise<TrailReport> {
  const { head } = await readHead(store);
  const [text] = await store.documents([MADE]);
  const made = Number(text ?? 0);
  const faults: string[] = [];
  let [last, links, records, events]: [Head, number, number, number] = [EMPTY, 0, 0, 0];
  for await (const link of linksAfter(store, 0)) {
    if (!follows(link, last)) faults.push(`link ${link.number} does not follow link ${last.number}, or was changed`);
    last = link;
    links += 1;
    records += link.records.length;
    if (link.number <= made) events += await checkEvents(store, link, faults);
    if (faults.length >= MOST_FAULTS) break;
  }
  const isAtEnd = last.number === head.number && last.hash === head.hash;
  if (faults.length < MOST_FAULTS && !isAtEnd) faults.push(`the chain ends with link ${last.number}, and link ${head.number} was the last`);
  return { links, records, events, hash: last.hash, faults };
}

async function checkEvents(store: Store, link: Link, faults: string[]): Promise<number> {
  const expected = link.records.flatMap(auditEvents);
  const kept = await store.readMany(expected.map(({ id }) => ({ type: 'AuditEvent', id })));
  expected.forEach((event, index) => {
    const version = kept[index];
    const name = `AuditEvent/${event.id}`;
    if (version === undefined || version.deleted) faults.push(`${name} of link ${link.number} is gone`);
    else if (version.version !== 1 || !isDeepStrictEqual(withoutMeta(version.json), JSON.parse(JSON.stringify(event))))
      faults.push(`${name} of link ${link.number} was changed`);
  });
  return expected.length;
}

function withoutMeta(json: string): unknown {
  const { meta: _, ...rest } = JSON.parse(json) as Record<string, unknown>;
  return rest;
}
