import type { IndexValues } from '../../fhir/index-values.ts';
import type { Resource } from '../../fhir/resource.ts';
import { readWritten } from '../../fhir/written-number.ts';
import type { StoredVersion } from '../store.ts';
import type { Collections } from './collections.ts';
import { translated } from './failure.ts';
import { indexDocument } from './index-document.ts';

/** Writes what versions are found by; those that are not current any more are passed over. How many it was. */
export function reindexAll(
  versions: readonly (StoredVersion | undefined)[],
  { resources }: Collections,
  extract: (resource: Resource) => IndexValues,
): Promise<number> {
  return translated(async () => {
    const updates = versions.flatMap((version) => {
      if (version === undefined || version.deleted) return [];
      const ix = indexDocument(extract(readWritten(version.json) as Resource));
      return [{ updateOne: { filter: { _id: `${version.type}/${version.id}`, ver: version.version }, update: { $set: { ix } } } }];
    });
    if (updates.length === 0) return 0;
    return (await resources.bulkWrite(updates, { ordered: false })).matchedCount;
  });
}
