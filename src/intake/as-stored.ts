import type { Resource } from '../fhir/resource.ts';
import { readWritten } from '../fhir/written-number.ts';

/** A stored resource as it was handed in, its numbers as they were written: 13.20 is not 13.2. The store owns versionId and lastUpdated. */
export function storedResource(json: string): Resource {
  const resource = readWritten(json) as Resource;
  const { versionId: _version, lastUpdated: _updated, ...meta } = resource.meta ?? {};
  const { meta: _meta, ...rest } = resource;
  return Object.keys(meta).length === 0 ? rest : { ...rest, meta };
}
