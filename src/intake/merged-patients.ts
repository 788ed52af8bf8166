import type { Patient } from 'fhir/r4.js';
import type { Store, StoredVersion } from '../store/store.ts';

/** A chain of merges longer than this is a circle. */
const LONGEST_CHAIN = 32;

const typeAndId = (reference: string) => ({ type: 'Patient', id: reference.slice('Patient/'.length) });
const nameOf = (version: StoredVersion) => `${version.type}/${version.id}`;

/** Where a patient's links of a type lead. Only what is in this store counts. */
function linked(version: StoredVersion | undefined, type: 'replaces' | 'replaced-by'): string[] {
  if (version === undefined || version.type !== 'Patient' || !version.json.includes(`"${type}"`)) return [];
  const { link = [] } = JSON.parse(version.json) as Partial<Patient>;
  return link.flatMap((entry) => {
    const reference = entry.other.reference;
    return entry.type === type && reference?.startsWith('Patient/') === true ? [reference] : [];
  });
}

/**
 * Who the owners of keys have become: a patient that was merged, and whose survivor was merged again, is the last of them.
 *
 * Shape: after A40 A into B and A40 B into C, Patient/A gives Patient/C
 */
export async function survivingOwners(owners: readonly string[], store: Store): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let open = new Map([...new Set(owners)].filter((owner) => owner.startsWith('Patient/')).map((owner) => [owner, owner]));
  for (let step = 0; open.size > 0 && step < LONGEST_CHAIN; step += 1) {
    const names = [...new Set(open.values())];
    const versions = new Map((await store.readMany(names.map(typeAndId))).map((version, index) => [names[index] as string, version]));
    const next = new Map<string, string>();
    for (const [owner, name] of open) {
      const [survivor] = linked(versions.get(name), 'replaced-by');
      if (survivor === undefined) found.set(owner, name);
      else next.set(owner, survivor);
    }
    open = next;
  }
  return found;
}

/**
 * The ids of all patients that stored patients have replaced, directly or through others.
 *
 * Shape: 'Patient/C' has the ids of B and of A
 */
export async function replacedBefore(stored: readonly StoredVersion[], store: Store): Promise<Map<string, string[]>> {
  const all = new Map<string, string[]>();
  for (const version of stored) {
    const seen = new Set<string>();
    let open = linked(version, 'replaces');
    for (let step = 0; open.length > 0 && step < LONGEST_CHAIN; step += 1) {
      for (const reference of open) seen.add(reference);
      const versions = await store.readMany(open.map(typeAndId));
      open = [...new Set(versions.flatMap((one) => linked(one, 'replaces')))].filter((name) => !seen.has(name));
    }
    seen.delete(nameOf(version));
    if (seen.size > 0)
      all.set(
        nameOf(version),
        [...seen].map((name) => typeAndId(name).id),
      );
  }
  return all;
}
