import { parseReference } from '../fhir/references.ts';
import { readWritten } from '../fhir/written-number.ts';
import type { Store, StoredVersion } from '../store/store.ts';

/** How many patients are looked up together. */
const TOGETHER = 200;

/**
 * The patients of a group as it stood after a commit: its active members, those of groups within it, and whoever a member was merged with.
 * Empty when there was no such group.
 */
export async function groupMembers(store: Store, group: string, upTo: number): Promise<Set<string>> {
  const patients = new Set<string>();
  const groups = [group];
  const seen = new Set(groups);
  for (let next = groups.pop(); next !== undefined; next = groups.pop()) {
    const standing = await versionAt(store, 'Group', next, upTo);
    for (const { type, id } of membersOf(standing)) {
      if (type === 'Patient') patients.add(id);
      if (type !== 'Group' || seen.has(id)) continue;
      seen.add(id);
      groups.push(id);
    }
  }
  return withMerged(store, patients, upTo);
}

/** The version of a resource that was current after a commit; undefined when it was not there, or deleted. */
export async function versionAt(store: Store, type: string, id: string, upTo: number): Promise<StoredVersion | undefined> {
  let found = await store.read(type, id);
  while (found !== undefined && found.seq > upTo)
    found = found.version === 1 ? undefined : await store.readVersion(type, id, found.version - 1);
  return found?.deleted === true ? undefined : found;
}

/** A merge leaves both patients, linked to each other: the same person, whichever of them the group names. */
async function withMerged(store: Store, members: ReadonlySet<string>, upTo: number): Promise<Set<string>> {
  const all = new Set(members);
  let open = [...members];
  while (open.length > 0) {
    const ids = open.splice(0, TOGETHER);
    const standing = await Promise.all(ids.map((id) => versionAt(store, 'Patient', id, upTo)));
    const linked = standing.flatMap(linksOf).filter((id) => !all.has(id));
    for (const id of linked) all.add(id);
    open = [...open, ...new Set(linked)];
  }
  return all;
}

function membersOf(group: StoredVersion | undefined): { type: string; id: string }[] {
  const { member } = resourceIn(group);
  return list(member).flatMap((one) => {
    const { inactive, entity } = one as { inactive?: unknown; entity?: { reference?: unknown } };
    return inactive === true ? [] : targetOf(entity?.reference);
  });
}

function linksOf(patient: StoredVersion | undefined): string[] {
  return list(resourceIn(patient)['link']).flatMap((one) => {
    const { type, other } = one as { type?: unknown; other?: { reference?: unknown } };
    if (type !== 'replaced-by' && type !== 'replaces') return [];
    return targetOf(other?.reference).flatMap((target) => (target.type === 'Patient' ? [target.id] : []));
  });
}

function targetOf(reference: unknown): { type: string; id: string }[] {
  const parsed = typeof reference === 'string' ? parseReference(reference) : undefined;
  return parsed?.kind === 'relative' ? [{ type: parsed.type, id: parsed.id }] : [];
}

function resourceIn(version: StoredVersion | undefined): Record<string, unknown> {
  return version === undefined || version.json === '' ? {} : (readWritten(version.json) as Record<string, unknown>);
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]).filter((item) => typeof item === 'object' && item !== null) : [];
}
