import { isDeepStrictEqual } from 'node:util';
import type { Resource } from '../fhir/resource.ts';
import { issue, type Issue } from '../issue/issue.ts';
import type { DocumentWrite, Store } from '../store/store.ts';
import type { Effect, Said } from './apply.ts';
import { storedResource } from './as-stored.ts';
import { movesPatients } from './encounter-life.ts';
import type { Settled } from './identify.ts';
import { factsKey, readFacts } from './kept-facts.ts';

/** The kind of the documents that keep which resources a sender's last list of a patient named. */
const LISTED = 'listed';

/** Segments that are a patient's whole list in an ADT message: what they make, and what that becomes when the next list is without it. */
const LISTS: readonly { readonly segment: string; readonly type: string; readonly ended: Readonly<Record<string, unknown>> }[] = [
  {
    segment: 'AL1',
    type: 'AllergyIntolerance',
    ended: {
      clinicalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'inactive' }] },
    },
  },
  { segment: 'NK1', type: 'RelatedPerson', ended: { active: false } },
  { segment: 'IN1', type: 'Coverage', ended: { status: 'cancelled' } },
];

/** What the lists of a message end. */
export interface ShortenedLists {
  readonly effects: readonly Effect[];
  readonly documents: readonly DocumentWrite[];
  readonly issues: readonly Issue[];
}

/**
 * What a sender's list named before and names no more: it ends, and is not deleted. A message without a segment of the list says nothing of
 * it; neither does one that is older than the list before, nor a result.
 *
 * Fails: no-longer-listed, as information
 */
export async function endUnlisted(all: readonly Settled[], sender: string, said: Said, store: Store): Promise<ShortenedLists> {
  const ended = { effects: [] as Effect[], documents: [] as DocumentWrite[], issues: [] as Issue[] };
  if (!movesPatients(said.event)) return ended;
  for (const list of LISTS) {
    const named = all.filter(({ made }) => made.from.segment === list.segment && made.resource.resourceType === list.type);
    for (const [within, items] of Map.groupBy(named, ({ made }) => made.identity.within ?? '')) {
      const parent = all.find(({ made }) => made.name === within);
      if (parent === undefined) continue;
      const key = `${parent.made.resource.resourceType}/${parent.id}|${sender}|${list.segment}`;
      const [text] = await store.documents([{ kind: LISTED, key }]);
      const before = text === undefined ? undefined : (JSON.parse(text) as { at: number; ids: string[] });
      if (before !== undefined && said.time.ms < before.at) continue;
      const ids = items.map(({ id }) => id);
      const next = JSON.stringify({ at: said.time.ms, ids });
      if (next !== text) ended.documents.push({ kind: LISTED, key, json: next, expected: text ?? null });
      const gone = (before?.ids ?? []).filter((id) => !ids.includes(id) && !all.some((item) => item.id === id));
      for (const id of gone) await end(id, list, items[0] as Settled, sender, store, ended);
    }
  }
  return ended;
}

async function end(
  id: string,
  list: (typeof LISTS)[number],
  sibling: Settled,
  sender: string,
  store: Store,
  into: { effects: Effect[]; documents: DocumentWrite[]; issues: Issue[] },
): Promise<void> {
  const stored = await store.read(list.type, id);
  if (stored === undefined || stored.deleted) return;
  const standing = storedResource(stored.json);
  const resource: Resource = { ...standing, ...list.ended };
  if (isDeepStrictEqual(resource, standing) || isInError(standing)) return;
  const [before] = await store.documents([factsKey(list.type, id, sender)]);
  const said = before === undefined ? undefined : await readFacts(before, { ...stored, resource: standing }, store);
  const facts = said === undefined ? {} : { facts: { now: { ...said, elements: { ...said.elements, ...list.ended } }, before } };
  const made = { ...sibling.made, resource, cleared: [], nulled: [], spoken: Object.keys(list.ended), origins: new Map() };
  into.effects.push({ settled: { made, id, stored, claims: [] }, resource, action: 'updated', ...facts });
  into.issues.push(issue('no-longer-listed', { at: sibling.made.from, resource: `${list.type}/${id}` }));
}

function isInError(resource: Resource): boolean {
  const status = resource['verificationStatus'] as { coding?: { code?: string }[] } | undefined;
  return status?.coding?.some(({ code }) => code === 'entered-in-error') === true;
}
