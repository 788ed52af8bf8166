import { issue, type Issue } from '../../issue/issue.ts';
import type { Claim, Store } from '../../store/store.ts';

/**
 * The unique keys a resource goes by: the identifiers of a Patient that name their system. A message finds the patient by the same keys.
 *
 * Shape: ['Patient|urn:oid:2.16.840.1.113883.19.5|12345']
 */
export function claimsOf(resource: Readonly<Record<string, unknown>> | undefined): Map<string, string> {
  const keys = new Map<string, string>();
  if (resource?.['resourceType'] !== 'Patient' || !Array.isArray(resource['identifier'])) return keys;
  resource['identifier'].forEach((identifier: unknown, index) => {
    const { system, value } = (identifier ?? {}) as Record<string, unknown>;
    if (typeof system !== 'string' || typeof value !== 'string' || system === '' || value === '') return;
    const key = `Patient|${system}|${value}`;
    if (!keys.has(key)) keys.set(key, `Patient.identifier[${index}]`);
  });
  return keys;
}

/**
 * What a write changes about who owns which key: new identifiers are claimed, those that went are given up.
 * One that another patient owns stays there, since FHIR allows two resources with one identifier; the answer warns of it.
 */
export async function claimChanges(
  store: Store,
  owner: string,
  before: Readonly<Record<string, unknown>> | undefined,
  after: Readonly<Record<string, unknown>> | undefined,
): Promise<{ claims: Claim[]; warnings: Issue[] }> {
  const wanted = claimsOf(after);
  const keys = [...new Set([...wanted.keys(), ...claimsOf(before).keys()])];
  const claims: Claim[] = [];
  const warnings: Issue[] = [];
  if (keys.length === 0) return { claims, warnings };
  const owners = await store.owners(keys);
  keys.forEach((key, index) => {
    const present = owners[index];
    const expression = wanted.get(key);
    if (expression === undefined) {
      if (present === owner) claims.push({ key, expected: owner });
    } else if (present === undefined) claims.push({ key, owner });
    else if (present !== owner) warnings.push(issue('identifier-claimed', { expression, owner: present }));
  });
  return { claims, warnings };
}
