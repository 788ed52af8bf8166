import type { Store } from '../store/store.ts';
import { auditEvents } from './audit-events.ts';
import type { Link } from './chain.ts';
import { linksAfter, MADE } from './kept-trail.ts';

/** Few enough that whoever reads beside it does not notice. */
const MOST_TOGETHER = 50;

/**
 * Makes the AuditEvents of links that have none yet, so that they are found as resources are. The chain is what is durable before an answer;
 * this comes later, and before anybody looks for AuditEvents.
 *
 * @returns whether everything up to the end of the chain is made
 */
export async function makeEvents(store: Store, most: number): Promise<boolean> {
  let [text] = await store.documents([MADE]);
  let made = 0;
  let links: Link[] = [];
  let count = 0;
  const write = async () => {
    const last = links.at(-1);
    if (last === undefined) return true;
    const events = links.flatMap(({ records }) => records.flatMap(auditEvents));
    const json = String(last.number);
    const commit = await store.commit({
      writes: events.map((event) => ({ type: 'AuditEvent', id: event.id, expected: 0, resource: { ...event } })),
      documents: [{ ...MADE, json, expected: text ?? null }],
    });
    // another process makes them
    if (!commit.ok) return false;
    [text, links, count] = [json, [], 0];
    made += events.length;
    return true;
  };
  for await (const link of linksAfter(store, Number(text ?? 0))) {
    links.push(link);
    count += link.records.reduce((sum, { patients }) => sum + Math.max(1, patients.length), 0);
    if (count >= MOST_TOGETHER && (!(await write()) || made >= most)) return false;
  }
  return write();
}
