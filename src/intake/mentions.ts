import { isDeepStrictEqual } from 'node:util';
import type { Resource } from '../fhir/resource.ts';
import type { Facts } from './facts.ts';

/** What messages mention and do not tell of: an XCN names a physician, as far as whoever wrote it cared to. */
export const MENTIONED: ReadonlySet<string> = new Set(['Organization', 'Practitioner', 'PractitionerRole', 'Location', 'Device']);

/**
 * A mention, continued from what is stored: it adds what is lacking, and takes nothing away. So one with fewer parts loses no fact, and two
 * ways to write one name do not replace each other for ever. Of an element that holds one value, the sender that gave it may change it.
 *
 * Shape: "77^Singh" after "77^Singh^Harpreet^^^Dr" changes nothing
 */
export function continueMention(stored: Resource | undefined, facts: Facts | undefined, said: Resource): Resource {
  if (stored === undefined) return said;
  const next: Resource = { ...said };
  for (const [name, value] of Object.entries(said)) {
    const standing = stored[name];
    if (name === 'resourceType' || name === 'meta' || standing === undefined) continue;
    if (Array.isArray(value) && Array.isArray(standing)) next[name] = listWith(standing, value);
    else if (isPartOf(value, standing)) next[name] = standing;
    else if (!isPartOf(standing, value) && !isDeepStrictEqual(facts?.elements[name], standing)) next[name] = standing;
  }
  return next;
}

function listWith(stored: readonly unknown[], said: readonly unknown[]): unknown[] {
  const news = said.filter((entry) => !stored.some((one) => isPartOf(entry, one)));
  const kept = stored.filter((entry) => !news.some((one) => isPartOf(entry, one)));
  const fuller = news.filter((entry) => stored.some((one) => isPartOf(one, entry)));
  const others = news.filter((entry) => !fuller.includes(entry));
  return [...fuller, ...kept, ...others];
}

/** Whether a value says nothing that the other does not say. */
function isPartOf(value: unknown, other: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === other;
  if (Array.isArray(value)) return Array.isArray(other) && value.every((entry) => other.some((one) => isPartOf(entry, one)));
  if (typeof other !== 'object' || other === null || Array.isArray(other)) return false;
  return Object.entries(value).every(([name, part]) => isPartOf(part, (other as Record<string, unknown>)[name]));
}
