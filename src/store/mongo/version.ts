import { formatJson } from '../../fhir/written-number.ts';
import { toldHowMade } from '../how-made.ts';
import type { StoredVersion } from '../store.ts';
import type { Collections, HistoryDocument, ResourceDocument, Session } from './collections.ts';
import { readText } from './long-text.ts';

/** The name under which the parts of a version's text are kept, wherever the version stands. */
export function textOwner(type: string, id: string, version: number): string {
  return `resource/${type}/${id}/${version}`;
}

/** What a read of versions asks for: everything but the index. */
export const VERSION_FIELDS = { ix: 0 } as const;

/** The JSON text of a version, with id, versionId and lastUpdated filled in. */
export function versionText(resource: Record<string, unknown>, id: string, version: number, lastUpdated: number): string {
  const { resourceType, id: _id, meta, ...rest } = resource;
  const filled = { ...(meta as object | undefined), versionId: String(version), lastUpdated: new Date(lastUpdated).toISOString() };
  return formatJson({ resourceType, id, meta: filled, ...rest });
}

/** Versions as documents keep them, with their texts. */
export function storedVersions(
  collections: Collections,
  documents: readonly Omit<HistoryDocument | ResourceDocument, 'ix' | 'until' | 'born'>[],
  session?: Session,
): Promise<StoredVersion[]> {
  return Promise.all(
    documents.map(async (document) =>
      storedVersion(document, await readText(collections, document.res, textOwner(document.type, document.id, document.ver), session)),
    ),
  );
}

/** A version from its document and its text. */
export function storedVersion(document: Omit<ResourceDocument, '_id' | 'born' | 'res' | 'ix'>, json: string): StoredVersion {
  const { type, id, ver: version, seq, lu: lastUpdated, deleted } = document;
  return { type, id, version, seq, lastUpdated, deleted, ...toldHowMade(document, { version, deleted }), json };
}
