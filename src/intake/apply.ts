import { isDeepStrictEqual } from 'node:util';
import type { Encounter, Patient, Reference } from 'fhir/r4.js';
import { issue, type Issue } from '../issue/issue.ts';
import type { Resource } from '../fhir/resource.ts';
import type { Claim, DocumentWrite, Store, Write } from '../store/store.ts';
import { storedResource } from './as-stored.ts';
import { continueEncounter, LIVED, movesPatients } from './encounter-life.ts';
import { type Facts, layOver, type Statement } from './facts.ts';
import { allFacts, factsKey, readFacts, type Standing, writeFacts } from './kept-facts.ts';
import { KEPT, sourcesOf } from './list-sources.ts';
import { endUnlisted } from './shortened-lists.ts';
import { continueMention, MENTIONED } from './mentions.ts';
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
  /** What its sender has said of it from now on, where that is news; `before` is the document it was. */
  readonly facts?: { readonly now: Facts; readonly before: string | undefined };
}

/** What a message does to the store, but for the message itself. */
export interface Effects {
  readonly effects: readonly Effect[];
  readonly claims: readonly Claim[];
  readonly documents: readonly DocumentWrite[];
  readonly issues: readonly Issue[];
}

/** What a message says beside its resources. */
export interface Said {
  /** MSH-9.2. */
  readonly event: string;
  readonly time: EventTime;
  /** MSH-11 says that it is a test. */
  readonly test: boolean;
}

/**
 * Resources a message states as a whole: a corrected result without a flag has none, while an admission without an address says nothing of
 * it. A report is not: a correction may hold only the results it corrects.
 * Source: HL7 v2.5.1 chapter 7, 7.2.4 (results are sent again in full)
 */
const STATED_WHOLE = new Set(['Observation', 'DocumentReference']);

/**
 * Lays what a message says over what is stored. Nothing is written here; a resource that does not change gives no write.
 *
 * Fails: as warnings message-older, when newer facts of the same sender were kept, value-kept, when somebody put a value right by hand, and
 * patient-kept, when a message would delete a patient
 */
export async function decideEffects(all: readonly Settled[], sender: string, said: Said, store: Store): Promise<Effects> {
  const references = new Map(all.map(({ made, id }) => [made.fullUrl, `${made.resource.resourceType}/${id}`]));
  const known = all.filter((item) => item.stored !== undefined);
  const found = await store.documents(known.map(({ made, id }) => factsKey(made.resource.resourceType, id, sender)));
  const texts = new Map(known.map((item, index) => [item, found[index]]));

  const effects: Effect[] = [];
  const issues: Issue[] = [];
  for (const item of all) {
    const type = item.made.resource.resourceType;
    const standing = standingOf(item);
    const stored = standing?.resource;
    const before = texts.get(item);
    // What was said of a resource before it was deleted is no longer part of any record.
    const facts = standing === undefined || before === undefined ? undefined : await readFacts(before, standing, store);
    const statement = statementOf(item, settleReferences(item.made.resource, references), stored, facts, said);
    let merged = layOver(stored, facts, statement);
    if (merged.asks && standing !== undefined) {
      const own = factsKey(type, item.id, sender).key;
      const others = (await allFacts(standing, store)).filter(({ key }) => key !== own);
      merged = layOver(
        stored,
        facts,
        statement,
        others.map((other) => other.facts),
      );
    }
    const told = (id: 'message-older' | 'value-kept', elements: readonly string[]) => {
      if (elements.length > 0)
        issues.push(issue(id, { at: item.made.from, expression: `${merged.resource.resourceType}.${elements.join(', ')}` }));
    };
    told('message-older', merged.overruled);
    told('value-kept', merged.kept);
    if (said.event === 'A29' && type === 'Patient') issues.push(issue('patient-kept', { at: item.made.from }));

    const resource = { ...merged.resource, id: item.id };
    const action = stored === undefined ? 'created' : isDeepStrictEqual(resource, stored) ? 'unchanged' : 'updated';
    const news = isNews(type, merged.facts, facts) ? { facts: { now: merged.facts, before } } : {};
    effects.push({ settled: item, resource, action, ...news });
  }
  const ended = await endUnlisted(all, sender, said, store);
  const claims = [...new Map(all.flatMap((item) => item.claims).map((claim) => [claim.key, claim])).values()];
  return { effects: [...effects, ...ended.effects], claims, documents: ended.documents, issues: [...issues, ...ended.issues] };
}

/**
 * The time of a mention that says nothing new moves on in steps of so much: everybody's messages name the same few physicians and places, and
 * each would keep a later time of them, which makes those that are decided beside it be decided anew. Units: ms
 */
const MENTION_STEP_MS = 60_000;

function isNews(type: string, now: Facts, before: Facts | undefined): boolean {
  const isStill = before !== undefined && MENTIONED.has(type) && now.at - before.at < MENTION_STEP_MS;
  return !isDeepStrictEqual(isStill ? { ...now, at: before.at } : now, before);
}

/** The resource as it stands; undefined where there is none, or none any more. */
function standingOf({ stored }: Settled): Standing | undefined {
  if (stored === undefined || stored.deleted) return undefined;
  const { type, id, version, json } = stored;
  return { type, id, version, resource: storedResource(json) };
}

/** The versions that effects make. */
export function writesOf(effects: readonly Effect[]): Write[] {
  return effects
    .filter(({ action }) => action !== 'unchanged')
    .map(({ settled, resource }) => ({
      type: resource.resourceType,
      id: settled.id,
      expected: settled.stored?.version ?? 0,
      resource,
    }));
}

/** What senders said, kept by the versions that effects make or leave. */
export function factsOf(effects: readonly Effect[], sender: string): DocumentWrite[] {
  return effects.flatMap(({ settled: { id, stored }, resource, action, facts }) => {
    if (facts === undefined) return [];
    const type = resource.resourceType;
    const version = (stored?.version ?? 0) + (action === 'unchanged' ? 0 : 1);
    return [writeFacts(factsKey(type, id, sender).key, facts.now, { type, id, version, resource }, facts.before)];
  });
}

/** What a message says of one resource, continued from what is stored where a visit or a patient lives on. */
function statementOf(item: Settled, resource: Resource, stored: Resource | undefined, facts: Facts | undefined, said: Said): Statement {
  const { made } = item;
  const { event, time } = said;
  const cleared = made.cleared.map((path) => path.split('.')[0] as string);
  const older = facts !== undefined && time.ms < facts.at;
  const tagged = said.test && !MENTIONED.has(resource.resourceType) ? withTag(resource) : resource;
  const whole = STATED_WHOLE.has(resource.resourceType);
  const plain: Statement = {
    at: time.ms,
    resource: tagged,
    spoken: [...made.spoken, ...Object.keys(resource), ...cleared],
    ...(whole ? { whole } : sourcesOf(made)),
  };
  // Named again after a list was without it: what ended it is taken back.
  if (facts?.elements['active'] === false && resource.resourceType === 'RelatedPerson')
    return { ...plain, spoken: [...plain.spoken, 'active'] };
  if (resource.resourceType === 'Encounter' && (!older || !movesPatients(event))) {
    const lived = continueEncounter(stored as Encounter | undefined, tagged as unknown as Encounter, { event, at: time.dateTime, cleared });
    return { ...plain, resource: lived as unknown as Resource, lived: LIVED };
  }
  if (resource.resourceType === 'Patient') {
    const lived = continuePatient(stored as Patient | undefined, tagged as unknown as Patient, event) as unknown as Resource;
    const changed = ['link', 'identifier'].filter((name) => plain.spoken.includes(name) && lived[name] !== tagged[name]);
    if (older || changed.length === 0) return { ...plain, resource: lived };
    return { ...plain, resource: lived, lived: changed, ...withLivedSources(plain.sources ?? {}, tagged, lived, changed) };
  }
  if (MENTIONED.has(resource.resourceType)) {
    const { sources: _sources, ...whole } = plain;
    return { ...whole, resource: continueMention(stored, facts, tagged), lived: Object.keys(tagged) };
  }
  if (resource.resourceType === 'DiagnosticReport' && stored !== undefined && !older) {
    return { ...plain, resource: { ...tagged, result: addedTo(stored['result'], tagged['result']) }, lived: ['result'] };
  }
  return plain;
}

/** Where the entries of a continued list came from: those the message did not give stay, whatever the next one says. */
function withLivedSources(
  sources: Readonly<Record<string, readonly string[]>>,
  given: Resource,
  lived: Resource,
  names: readonly string[],
): Pick<Statement, 'sources'> {
  const list = (resource: Resource, name: string) => (resource[name] ?? []) as readonly unknown[];
  const aligned = names.map((name) => {
    const from = list(given, name);
    const placeOf = (entry: unknown) => sources[name]?.[from.findIndex((one) => isDeepStrictEqual(one, entry))] ?? KEPT;
    return [name, list(lived, name).map(placeOf)] as const;
  });
  return { sources: { ...sources, ...Object.fromEntries(aligned) } };
}

/** A report keeps the results it has: a deleted one is told by its own status. */
function addedTo(stored: unknown, said: unknown): unknown {
  const [before, now] = [stored ?? [], said ?? []] as [Reference[], Reference[]];
  const list = [...before, ...now.filter((one) => !before.some((other) => other.reference === one.reference))];
  return list.length === 0 ? undefined : list;
}

/** A message under test (MSH-11 T or D) says so on all it makes. Source: FHIR R4 resource, 2.26.3.7 (test data) */
function withTag(resource: Resource): Resource {
  const tag = [...(resource.meta?.tag ?? []), { system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'HTEST' }];
  return { ...resource, meta: { ...resource.meta, tag } };
}

/** References between resources of one message, made into references to where they are stored. What holds none is taken as it is. */
function settleReferences<T extends object>(value: T, references: ReadonlyMap<string, string>): T {
  if (Array.isArray(value)) return settleList(value, references) as T;
  let copy: Record<string, unknown> | undefined;
  for (const name in value) {
    const entry: unknown = value[name];
    let next = entry;
    if (typeof entry === 'object' && entry !== null) next = settleReferences(entry, references);
    else if (name === 'reference' && typeof entry === 'string') next = references.get(entry) ?? entry;
    if (next === entry) continue;
    // Copied with what it carries beside its elements: numbers as they were written.
    copy ??= Object.assign({}, value) as Record<string, unknown>;
    copy[name] = next;
  }
  return (copy ?? value) as T;
}

/** A list is gone over by its places: by their names it takes ten times as long. */
function settleList(list: readonly unknown[], references: ReadonlyMap<string, string>): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let at = 0; at < list.length; at++) {
    const entry = list[at];
    if (typeof entry !== 'object' || entry === null) continue;
    const next = settleReferences(entry, references);
    if (next !== entry) (copy ??= Object.assign([], list))[at] = next;
  }
  return copy ?? list;
}
