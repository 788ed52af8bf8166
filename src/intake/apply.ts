import { isDeepStrictEqual } from 'node:util';
import type { Encounter, Patient } from 'fhir/r4.js';
import { issue, type Issue } from '../issue/issue.ts';
import type { Resource } from '../fhir/resource.ts';
import type { Claim, DocumentWrite, Store, Write } from '../store/store.ts';
import { continueEncounter } from './encounter-life.ts';
import { type Facts, layOver } from './facts.ts';
import type { Settled } from './identify.ts';
import { continuePatient } from './patient-life.ts';

/** When a message's event happened, for those who must know which of two is the newer. */
export interface EventTime {
  /** UTC ms; 0 when the message tells no time. */
  readonly ms: number;
  /** As a FHIR dateTime; undefined when the message tells none, or only one without a zone. */
  readonly dateTime: string | undefined;
}

/** What a message does to one resource. */
export interface Effect {
  readonly settled: Settled;
  /** The whole resource as it is to be stored. */
  readonly resource: Resource;
  readonly action: 'created' | 'updated' | 'unchanged';
}

/** What a message does to the store, but for the message itself. */
export interface Effects {
  readonly effects: readonly Effect[];
  readonly writes: readonly Write[];
  readonly claims: readonly Claim[];
  readonly documents: readonly DocumentWrite[];
  readonly issues: readonly Issue[];
}

const FACTS = 'facts';

/**
 * Resources a message states as a whole: a corrected result without a flag has none, while an admission without an address says nothing of it.
 * Source: HL7 v2.5.1 chapter 7, 7.2.4 (results are sent again in full)
 */
const STATED_WHOLE = new Set(['Observation', 'DiagnosticReport', 'Specimen', 'DocumentReference']);

/**
 * Lays what a message says over what is stored. Nothing is written here; a resource that does not change gives no write.
 *
 * Fails: message-older, as a warning, when newer facts of the same sender were kept
 */
export async function decideEffects(
  all: readonly Settled[],
  sender: string,
  event: string,
  time: EventTime,
  store: Store,
): Promise<Effects> {
  const references = new Map(all.map(({ made, id }) => [made.fullUrl, `${made.resource.resourceType}/${id}`]));
  const keyOf = (item: Settled) => ({ kind: FACTS, key: `${item.made.resource.resourceType}/${item.id}|${sender}` });
  const texts = await store.documents(all.map(keyOf));

  const effects: Effect[] = [];
  const writes: Write[] = [];
  const documents: DocumentWrite[] = [];
  const issues: Issue[] = [];
  all.forEach((item, index) => {
    const text = texts[index];
    const live = item.stored === undefined || item.stored.deleted ? undefined : item.stored;
    const stored = live === undefined ? undefined : withoutVersion(JSON.parse(live.json) as Resource);
    // What was said of a resource before it was deleted is no longer part of any record.
    const facts = live === undefined || text === undefined ? undefined : (JSON.parse(text) as Facts);
    const said = settleReferences(item.made.resource, references);
    const lived = continued(stored, said, event, time);
    const spoken = [
      ...new Set([...item.made.spoken, ...Object.keys(lived), ...item.made.cleared.map((path) => path.split('.')[0] as string)]),
    ];
    const merged = layOver(stored, facts, { at: time.ms, resource: lived, spoken, whole: STATED_WHOLE.has(said.resourceType) });
    if (merged.overruled.length > 0)
      issues.push(issue('message-older', { at: item.made.from, expression: `${said.resourceType}.${merged.overruled[0]}` }));

    const resource = { ...merged.resource, id: item.id };
    const action = stored === undefined ? 'created' : isDeepStrictEqual(resource, stored) ? 'unchanged' : 'updated';
    effects.push({ settled: item, resource, action });
    if (action !== 'unchanged') writes.push({ type: resource.resourceType, id: item.id, expected: item.stored?.version ?? 0, resource });
    if (!isDeepStrictEqual(merged.facts, facts))
      documents.push({ ...keyOf(item), json: JSON.stringify(merged.facts), expected: text ?? null });
  });
  const claims = [...new Map(all.flatMap((item) => item.claims).map((claim) => [claim.key, claim])).values()];
  return { effects, writes, claims, documents, issues };
}

/** Visits and patients live on: what is stored of them decides what a message means. */
function continued(stored: Resource | undefined, said: Resource, event: string, time: EventTime): Resource {
  const pair = <T>() => [stored, said] as unknown as [T | undefined, T];
  if (said.resourceType === 'Encounter') return continueEncounter(...pair<Encounter>(), event, time.dateTime) as unknown as Resource;
  if (said.resourceType === 'Patient') return continuePatient(...pair<Patient>()) as unknown as Resource;
  return said;
}

/** A stored resource as it was handed in: the store owns versionId and lastUpdated. */
export function withoutVersion(resource: Resource): Resource {
  const { versionId: _version, lastUpdated: _updated, ...meta } = resource.meta ?? {};
  const { meta: _meta, ...rest } = resource;
  return Object.keys(meta).length === 0 ? rest : { ...rest, meta };
}

/** References between resources of one message, made into references to where they are stored. */
function settleReferences<T>(value: T, references: ReadonlyMap<string, string>): T {
  if (Array.isArray(value)) return value.map((entry) => settleReferences(entry, references)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [
      name,
      name === 'reference' && typeof entry === 'string' ? (references.get(entry) ?? entry) : settleReferences(entry, references),
    ]),
  ) as T;
}
