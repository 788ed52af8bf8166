import type { Patient } from 'fhir/r4.js';
import { issue } from '../issue/issue.ts';
import { failure, type Result, success } from '../issue/result.ts';
import type { Made } from '../map/translation.ts';
import type { Claim, Store, StoredVersion } from '../store/store.ts';
import { idOf, idWithin } from './keys.ts';
import { replacedBefore, survivingOwners } from './merged-patients.ts';

/** A resource of a message with the id it has, or will have, in the store. */
export interface Settled {
  readonly made: Made;
  readonly id: string;
  readonly stored: StoredVersion | undefined;
  readonly claims: readonly Claim[];
}

/**
 * Finds each resource a message makes among those stored.
 *
 * A shared resource (a patient, a practitioner, an organization) is found by any of its keys through the store's unique key rows, and
 * claims those nobody has; a patient that was merged away is found as the one it became. Any other is this sender's own: its id follows
 * from its key. One within a patient is also looked for within the patients that patient has replaced, so a merge does not double a visit,
 * and within the one it is moved from.
 *
 * Fails: patient-ambiguous (the keys belong to several patients)
 */
export async function identify(all: readonly Made[], sender: string, store: Store): Promise<Result<Settled[]>> {
  const settled = new Map<string, Settled>();
  let rest = all;
  while (rest.length > 0) {
    const ready = rest.filter((made) => isReady(made, settled, all));
    // A circle of resources within each other names nothing outside itself: take it as it comes.
    const batch = ready.length > 0 ? ready : rest;
    const result = await settle(batch, all, settled, sender, store);
    if (!result.ok) return result;
    for (const item of result.value) settled.set(item.made.name, item);
    rest = rest.filter((made) => !settled.has(made.name));
  }
  return success(all.map((made) => settled.get(made.name) as Settled));
}

function isReady(made: Made, settled: ReadonlyMap<string, Settled>, all: readonly Made[]): boolean {
  const { within } = made.identity;
  const survivor = survivorOf(made, all);
  const waits = (name: string | undefined) => name !== undefined && !settled.has(name);
  return !waits(within) && !waits(made.identity.movedFrom) && !waits(survivor?.name);
}

/** What replaces this one in the same message: a patient by its link, a visit or an account by the message map. */
function survivorOf(made: Made, all: readonly Made[]): Made | undefined {
  const { becomes } = made.identity;
  if (becomes !== undefined) return all.find((other) => other.name === becomes);
  const link = (made.resource as unknown as Patient).link;
  if (made.resource.resourceType !== 'Patient' || !Array.isArray(link)) return undefined;
  const target = link.find((entry) => entry.type === 'replaced-by')?.other?.reference;
  return target === undefined ? undefined : all.find((other) => other.fullUrl === target && other !== made);
}

async function settle(
  batch: readonly Made[],
  all: readonly Made[],
  settled: ReadonlyMap<string, Settled>,
  sender: string,
  store: Store,
): Promise<Result<Settled[]>> {
  const shared = batch.filter((made) => made.identity.shared);
  const own = batch.filter((made) => !made.identity.shared);
  const ids = new Map<Made, { id: string; claims: Claim[] }>();

  const before = await replacedBefore(
    [...settled.values()].flatMap((item) => (item.stored === undefined ? [] : [item.stored])),
    store,
  );
  const keys = new Map(shared.map((made) => [made, sharedKeys(made, settled, before)]));
  const owners = await ownersOf(
    [...keys.values()].flatMap((one) => [...one.own, ...one.before].flatMap((key) => [key, `${MERGED}${key}`])),
    store,
  );
  const surviving = await survivingOwners(
    [...owners].filter(([key]) => !key.startsWith(MERGED)).map(([, owner]) => owner),
    store,
  );
  for (const made of shared) {
    const survivor = survivorOf(made, all);
    const named = keys.get(made) as SharedKeys;
    const result =
      survivor === undefined
        ? settleShared(made, named, owners, surviving)
        : settleReplaced(made, named, settled.get(survivor.name), owners, surviving);
    if (!result.ok) return result;
    ids.set(made, result.value);
  }

  const named = shared.map((made) => ({ type: made.resource.resourceType, id: (ids.get(made) as { id: string }).id }));
  const candidates = own.map((made) => candidateIds(made, settled, sender, before));
  const found = await store.readMany([
    ...named,
    ...own.flatMap((made, index) => (candidates[index] as string[]).map((id) => ({ type: made.resource.resourceType, id }))),
  ]);
  const stored = new Map<Made, StoredVersion | undefined>(shared.map((made, index) => [made, found[index]]));
  let offset = named.length;
  own.forEach((made, index) => {
    const list = candidates[index] as string[];
    const at = found.slice(offset, offset + list.length).findIndex((version) => version !== undefined);
    ids.set(made, { id: list[Math.max(at, 0)] as string, claims: [] });
    stored.set(made, at < 0 ? undefined : found[offset + at]);
    offset += list.length;
  });
  return success(batch.map((made) => ({ made, stored: stored.get(made), ...(ids.get(made) as { id: string; claims: Claim[] }) })));
}

/** Whom a key named before its owner was merged into another: what finds the replaced one when the merge is sent again. */
export const MERGED = 'merged:';

/** The keys of a shared resource: those it has now, and those it had within what its parent has replaced, or within what it is moved from. */
interface SharedKeys {
  readonly own: readonly string[];
  readonly before: readonly string[];
}

function sharedKeys(made: Made, settled: ReadonlyMap<string, Settled>, replaced: ReadonlyMap<string, readonly string[]>): SharedKeys {
  const { within, movedFrom, keys } = made.identity;
  const type = made.resource.resourceType;
  if (within === undefined) return { own: keys.map((key) => `${type}|${key}`), before: [] };
  const [own, ...before] = [...parentsOf(within, settled, replaced), ...parentsOf(movedFrom, settled, replaced)].map((id) =>
    keys.map((key) => `${type}|${id}|${key}`),
  );
  return { own: own ?? [], before: before.flat() };
}

/** A parent's id, and those of what it has replaced. */
function parentsOf(
  name: string | undefined,
  settled: ReadonlyMap<string, Settled>,
  replaced: ReadonlyMap<string, readonly string[]>,
): string[] {
  const parent = name === undefined ? undefined : settled.get(name);
  return parent === undefined ? [] : [parent.id, ...(replaced.get(`${parent.made.resource.resourceType}/${parent.id}`) ?? [])];
}

async function ownersOf(keys: readonly string[], store: Store): Promise<Map<string, string>> {
  const unique = [...new Set(keys)];
  const owners = unique.length === 0 ? [] : await store.owners(unique);
  return new Map(unique.flatMap((key, index) => (owners[index] === undefined ? [] : [[key, owners[index]] as const])));
}

const idIn = (reference: string) => reference.slice(reference.indexOf('/') + 1);

type Owners = ReadonlyMap<string, string>;

function settleShared(made: Made, keys: SharedKeys, owners: Owners, surviving: Owners): Result<{ id: string; claims: Claim[] }> {
  const type = made.resource.resourceType;
  const found = [...new Set([...keys.own, ...keys.before].map((key) => owners.get(key)).filter((owner) => owner !== undefined))]
    .map((owner) => surviving.get(owner) ?? owner)
    .filter((owner, index, all) => all.indexOf(owner) === index);
  if (found.length > 1 && type === 'Patient') {
    return failure(issue('patient-ambiguous', { at: made.from, count: found.length }));
  }
  const id = found[0] === undefined ? idOf(keys.own[0] ?? made.fullUrl) : idIn(found[0]);
  const claims = keys.own.filter((key) => !owners.has(key)).map((key) => ({ key, owner: `${type}/${id}` }));
  return success({ id, claims });
}

/** What the message merges away: whoever has its keys now gives them up to the survivor. */
function settleReplaced(
  made: Made,
  named: SharedKeys,
  survivor: Settled | undefined,
  owners: Owners,
  surviving: Owners,
): Result<{ id: string; claims: Claim[] }> {
  const type = made.resource.resourceType;
  const owner = `${type}/${survivor?.id}`;
  const survivorOfKey = (key: string) => surviving.get(owners.get(key) ?? '') ?? owners.get(key);
  const all = [...named.own, ...named.before];
  const held = all.map(survivorOfKey).find((name) => name !== undefined && name !== owner);
  const before = all.map((key) => owners.get(`${MERGED}${key}`)).find((name) => name !== undefined);
  const name = held ?? before ?? `${type}/${idOf(`${MERGED}${named.own[0] ?? made.fullUrl}`)}`;
  const claims: Claim[] = [];
  const give = (key: string, to: string) => {
    const expected = owners.get(key);
    if (expected !== to) claims.push({ key, owner: to, ...(expected === undefined ? {} : { expected }) });
  };
  for (const key of [...named.own, ...named.before.filter((one) => owners.has(one))]) {
    give(key, owner);
    give(`${MERGED}${key}`, name);
  }
  return success({ id: idIn(name), claims });
}

function candidateIds(
  made: Made,
  settled: ReadonlyMap<string, Settled>,
  sender: string,
  before: ReadonlyMap<string, readonly string[]>,
): string[] {
  const { within, keys } = made.identity;
  const parents = within === undefined || !settled.has(within) ? [''] : parentsOf(within, settled, before);
  const named = keys.length === 0 ? [made.fullUrl] : keys;
  return parents.flatMap((id) => named.map((key) => idWithin(id, `${made.resource.resourceType}|${sender}|${id}|${key}`)));
}
