import { readWritten } from '../../fhir/written-number.ts';
import type { StoredVersion } from '../../store/store.ts';

/** What is stored, as an object, its numbers as written; undefined for nothing and for a deletion. */
export function resourceOf(version: StoredVersion | undefined): Record<string, unknown> | undefined {
  if (version === undefined || version.deleted) return undefined;
  return readWritten(version.json) as Record<string, unknown>;
}
