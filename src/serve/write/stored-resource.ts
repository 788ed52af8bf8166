import { Bug } from '../../issue/issue-error.ts';
import { parseJson } from '../../fhir/written-number.ts';
import type { StoredVersion } from '../../store/store.ts';

/** What is stored, as an object, its numbers as written; undefined for nothing and for a deletion. */
export function resourceOf(version: StoredVersion | undefined): Record<string, unknown> | undefined {
  if (version === undefined || version.deleted) return undefined;
  const parsed = parseJson(version.json);
  if (!parsed.ok) throw new Bug(`${version.type}/${version.id} is stored as no JSON`);
  return parsed.value as Record<string, unknown>;
}
