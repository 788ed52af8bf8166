import { issue, type Issue } from '../../issue/issue.ts';
import type { Resource } from '../../fhir/resource.ts';
import { keysOf } from '../../intake/keys.ts';
import type { Claim, Store } from '../../store/store.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * What a write changes about who owns which key, so that a message finds the patient by the identifiers an app gave: new ones are claimed,
 * those that went are given up. One that another patient owns stays there, since FHIR allows two resources with one identifier; the answer
 * warns of it.
 */
export async function claimChanges(
  store: Store,
  owner: string,
  before: Fields | undefined,
  after: Fields | undefined,
): Promise<{ claims: Claim[]; warnings: Issue[] }> {
  const wanted = new Set(keysIn(after));
  const keys = [...new Set([...wanted, ...keysIn(before)])];
  const claims: Claim[] = [];
  const warnings: Issue[] = [];
  if (keys.length === 0) return { claims, warnings };
  const owners = await store.owners(keys);
  keys.forEach((key, index) => {
    const present = owners[index];
    if (!wanted.has(key)) {
      if (present === owner) claims.push({ key, expected: owner });
    } else if (present === undefined) claims.push({ key, owner });
    else if (present !== owner) warnings.push(issue('identifier-claimed', { expression: placeOf(key, after), owner: present }));
  });
  return { claims, warnings };
}

function keysIn(resource: Fields | undefined): string[] {
  return resource === undefined ? [] : keysOf(resource as Resource);
}

/** Shape: Patient.identifier[1] */
function placeOf(key: string, resource: Fields | undefined): string {
  const identifiers = (resource?.['identifier'] ?? []) as { system?: string; value?: string }[];
  const index = identifiers.findIndex(({ system, value }) => key === `Patient|${system}|${value}`);
  return index < 0 ? 'Patient.identifier' : `Patient.identifier[${index}]`;
}
