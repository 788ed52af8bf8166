import { isDeepStrictEqual } from 'node:util';
import type { Identifier, Patient } from 'fhir/r4.js';
import type { Resource } from '../fhir/resource.ts';
import { issue, type Issue } from '../issue/issue.ts';
import { failure, type Result, success } from '../issue/result.ts';
import type { Claim, DocumentWrite, Store, StoredVersion, Write } from '../store/store.ts';
import { storedResource } from './as-stored.ts';
import type { Facts } from './facts.ts';
import { keysOf } from './keys.ts';
import { MERGED } from './identify.ts';
import { allFacts, writeFacts } from './kept-facts.ts';

/** What a merge, or taking one back, changes; decided on what the store holds now. */
export interface MergeDecision {
  readonly writes: readonly Write[];
  readonly claims: readonly Claim[];
  readonly documents: readonly DocumentWrite[];
  /** The patient that goes on, and the one that was merged, or is a patient of its own again. */
  readonly survivor: Resource;
  readonly other: Resource;
}

type Stored = Resource & Patient & { id: string };

/**
 * An operator's merge, by the rules of A40: both patients stay, the survivor has the other's numbers as old ones and is found by them, the
 * other is inactive and points to it. Merging what is merged changes nothing.
 *
 * Fails: resource-not-found, merge-impossible
 */
export async function decideMerge(survivorId: string, otherId: string, store: Store): Promise<Result<MergeDecision>> {
  const found = await bothOf(survivorId, otherId, store);
  if (!found.ok) return found;
  const [survivor, other] = found.value;
  const refused = whyNot(survivor.patient, other.patient);
  if (refused !== undefined) return failure(refused);
  const retired = (other.patient.identifier ?? []).map((entry): Identifier => ({ ...entry, use: 'old' }));
  const given = retired.filter((entry) => !(survivor.patient.identifier ?? []).some((one) => sameNumber(one, entry)));
  const next: Stored = {
    ...survivor.patient,
    active: true,
    identifier: [...(survivor.patient.identifier ?? []), ...given],
    link: withLink(survivor.patient, 'replaces', otherId),
  };
  const gone: Stored = { ...other.patient, active: false, identifier: retired, link: withLink(other.patient, 'replaced-by', survivorId) };
  if (next.identifier?.length === 0) delete next.identifier;
  if (gone.identifier?.length === 0) delete gone.identifier;
  const keys = keysOf(gone);
  const claims = await handOver(
    [...keys.map((key) => [key, survivorId] as const), ...keys.map((key) => [`${MERGED}${key}`, otherId] as const)],
    store,
  );
  return success({ writes: writesOf([survivor, next], [other, gone]), claims, documents: [], survivor: next, other: gone });
}

/**
 * Takes a merge back: the merged patient is one of its own again, with its numbers as they were before, and is found by them; the
 * survivor loses the link and the numbers that were the other's. What was said of visits and results since stays with whom it was said of.
 *
 * Fails: resource-not-found, merge-impossible (nothing to take back, or more than one and none was named)
 */
export async function decideUnmerge(id: string, otherId: string | undefined, store: Store): Promise<Result<MergeDecision>> {
  const version = await store.read('Patient', id);
  if (version === undefined || version.deleted) return failure(issue('resource-not-found', { reference: `Patient/${id}` }));
  const named = storedResource(version.json) as Stored;
  const into = linkedIds(named, 'replaced-by');
  const merged = linkedIds(named, 'replaces');
  const pair =
    otherId === undefined
      ? into.length === 1
        ? [into[0] as string, id]
        : into.length === 0 && merged.length === 1
          ? [id, merged[0] as string]
          : undefined
      : into.includes(otherId)
        ? [otherId, id]
        : merged.includes(otherId)
          ? [id, otherId]
          : undefined;
  if (pair === undefined) {
    const reason =
      into.length + merged.length === 0 ? 'it is not merged with any' : 'name one of those it is merged with as source-patient';
    return failure(issue('merge-impossible', { reason }));
  }
  const found = await bothOf(pair[0] as string, pair[1] as string, store);
  if (!found.ok) return found;
  const [survivor, other] = found.value;
  const before = await beforeMerge(other.version, store);
  const { active: _inactive, link: _links, ...rest } = other.patient;
  const identifier = (other.patient.identifier ?? []).map((entry) => {
    const earlier = before?.identifier?.find((one) => sameNumber(one, entry));
    const { use: _old, ...unused } = entry;
    return entry.use === 'old' ? (earlier ?? unused) : entry;
  });
  const free: Stored = { ...rest, active: before?.active ?? true, ...(identifier.length === 0 ? {} : { identifier }) };
  const links = withoutLink(other.patient, survivor.patient.id);
  if (links.length > 0) free.link = links;
  const next: Stored = { ...survivor.patient };
  const left = withoutLink(survivor.patient, other.patient.id);
  if (left.length > 0) next.link = left;
  else delete next.link;
  const kept = (next.identifier ?? []).filter((entry) => entry.use !== 'old' || !identifier.some((one) => sameNumber(one, entry)));
  if (kept.length > 0) next.identifier = kept;
  else delete next.identifier;

  const keys = keysOf(free);
  const claims = await handOver(
    [...keys.map((key) => [key, other.patient.id] as const), ...keys.map((key) => [`${MERGED}${key}`, undefined] as const)],
    store,
  );
  const documents = [...(await rewriteFacts(survivor, next, store)), ...(await rewriteFacts(other, free, store))];
  return success({ writes: writesOf([survivor, next], [other, free]), claims, documents, survivor: next, other: free });
}

interface Held {
  readonly version: StoredVersion;
  readonly patient: Stored;
}

async function bothOf(survivorId: string, otherId: string, store: Store): Promise<Result<[Held, Held]>> {
  const held: Held[] = [];
  const issues: Issue[] = [];
  for (const id of [survivorId, otherId]) {
    const version = await store.read('Patient', id);
    if (version === undefined || version.deleted) issues.push(issue('resource-not-found', { reference: `Patient/${id}` }));
    else held.push({ version, patient: storedResource(version.json) as Stored });
  }
  return issues.length > 0 ? failure(...issues) : success(held as [Held, Held]);
}

function whyNot(survivor: Stored, other: Stored): Issue | undefined {
  const refuse = (reason: string) => issue('merge-impossible', { reason });
  if (survivor.id === other.id) return refuse('a patient cannot be merged into itself');
  const into = linkedIds(other, 'replaced-by');
  if (into.some((id) => id !== survivor.id)) return refuse('it is merged into another patient already');
  if (linkedIds(survivor, 'replaced-by').length > 0) return refuse('the patient that is to go on was itself merged into another');
  return undefined;
}

function linkedIds(patient: Patient, type: 'replaces' | 'replaced-by'): string[] {
  return (patient.link ?? []).flatMap((entry) =>
    entry.type === type && entry.other.reference?.startsWith('Patient/') === true ? [entry.other.reference.slice('Patient/'.length)] : [],
  );
}

function withLink(patient: Patient, type: 'replaces' | 'replaced-by', id: string): NonNullable<Patient['link']> {
  const link = { type, other: { reference: `Patient/${id}` } } as const;
  const links = patient.link ?? [];
  return links.some((one) => isDeepStrictEqual(one, link)) ? links : [...links, link];
}

function withoutLink(patient: Patient, id: string): NonNullable<Patient['link']> {
  const merge = (type: string) => type === 'replaces' || type === 'replaced-by';
  return (patient.link ?? []).filter((entry) => !(merge(entry.type) && entry.other.reference === `Patient/${id}`));
}

const sameNumber = (one: Identifier, other: Identifier) => one.system === other.system && one.value === other.value;

function writesOf(...pairs: readonly (readonly [Held, Stored])[]): Write[] {
  return pairs.flatMap(([{ version, patient }, resource]) =>
    isDeepStrictEqual(resource, patient) ? [] : [{ type: 'Patient', id: patient.id, expected: version.version, resource }],
  );
}

/** The claims that give keys to patients, or give them up. */
async function handOver(all: readonly (readonly [key: string, id: string | undefined])[], store: Store): Promise<Claim[]> {
  const keys = [...new Map(all)];
  const owners = await store.owners(keys.map(([key]) => key));
  return keys.flatMap(([key, id], index): Claim[] => {
    const expected = owners[index];
    const owner = id === undefined ? undefined : `Patient/${id}`;
    if (expected === owner) return [];
    return [{ key, ...(owner === undefined ? {} : { owner }), ...(expected === undefined ? {} : { expected }) }];
  });
}

/** The patient as it was before it was merged; undefined when it is known only by its merge. */
async function beforeMerge(merged: StoredVersion, store: Store): Promise<Patient | undefined> {
  for (let version = merged.version - 1; version > 0; version -= 1) {
    const earlier = await store.readVersion('Patient', merged.id, version);
    if (earlier === undefined || earlier.deleted) continue;
    const patient = storedResource(earlier.json) as Stored;
    if (linkedIds(patient, 'replaced-by').length === 0) return patient;
  }
  return undefined;
}

/** What senders said, without what was taken back: else their next messages would say it again. */
async function rewriteFacts({ version, patient }: Held, after: Stored, store: Store): Promise<DocumentWrite[]> {
  const standing = { ...version, resource: patient };
  return (await allFacts(standing, store)).flatMap(({ key, text, facts }) => {
    const told = withoutTaken(facts, patient, after);
    return isDeepStrictEqual(told, facts) ? [] : [writeFacts(key, told, standing, text)];
  });
}

function withoutTaken(facts: Facts, before: Stored, after: Stored): Facts {
  const elements: Record<string, unknown> = { ...facts.elements };
  const sources: Record<string, readonly string[]> = { ...facts.sources };
  for (const name of ['identifier', 'link'] as const) {
    const list = elements[name];
    if (!Array.isArray(list)) continue;
    const [had, has] = [(before[name] ?? []) as unknown[], (after[name] ?? []) as unknown[]];
    const kept = list.map((entry: unknown) => !isIn(had, entry) || isIn(has, entry));
    const next = list.filter((_, index) => kept[index]);
    if (next.length > 0) elements[name] = next;
    else delete elements[name];
    if (sources[name] !== undefined) sources[name] = sources[name].filter((_, index) => kept[index]);
  }
  if (before.active !== after.active) delete elements['active'];
  return { ...facts, elements, ...(facts.sources === undefined ? {} : { sources }) };
}

const isIn = (list: readonly unknown[], entry: unknown) => list.some((one) => isDeepStrictEqual(one, entry));
