import { Bug } from '../issue/issue-error.ts';
import type { Resource } from '../fhir/resource.ts';
import { parseJson } from '../fhir/written-number.ts';

/** The kind of the documents that keep what each sender said. */
export const FACTS = 'facts';

/** What a store keeps, with its numbers as they were written: 13.20 is not 13.2. Fails: throws Bug (the store holds no JSON) */
export function asWritten(json: string): unknown {
  const parsed = parseJson(json);
  if (!parsed.ok) throw new Bug('what is stored is no JSON');
  return parsed.value;
}

/** A stored resource as it was handed in, its numbers as they were written. */
export function storedResource(json: string): Resource {
  return withoutVersion(asWritten(json) as Resource);
}

/** A stored resource as it was handed in: the store owns versionId and lastUpdated. */
function withoutVersion(resource: Resource): Resource {
  const { versionId: _version, lastUpdated: _updated, ...meta } = resource.meta ?? {};
  const { meta: _meta, ...rest } = resource;
  return Object.keys(meta).length === 0 ? rest : { ...rest, meta };
}
