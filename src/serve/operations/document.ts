import { parseReference, eachReference, toLocalReference } from '../../fhir/references.ts';
import type { Resource } from '../../fhir/resource.ts';
import { fullUrlOf } from '../bundle/bundle-text.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { requirePresent } from '../interactions/read.ts';
import { type Reply, resourceReply } from '../reply.ts';
import type { Target } from '../route.ts';
import { invalid } from '../search-request/parameter-issues.ts';
import { resourceOf } from '../write/stored-resource.ts';
import { simpleInputs } from './parameters.ts';

/**
 * Composition/{id}/$document: the composition with every resource it refers to, as a document. It is made anew each time and not kept.
 *
 * Source: FHIR R4 documents, 3.3
 */
export async function document(request: FhirRequest, { type, id }: Target, context: Context): Promise<Reply> {
  if (simpleInputs(request, 'persist')[0] === 'true') throw invalid('persist', 'documents are not kept');
  const present = requirePresent(await context.store.read(type, id), `${type}/${id}`);
  const composition = resourceOf(present) as unknown as Resource;
  const wanted = new Map<string, { type: string; id: string }>();
  eachReference(composition, ({ reference = '' }) => {
    const parsed = parseReference(reference);
    const local = parsed === undefined ? undefined : toLocalReference(parsed, context.settings.baseUrl);
    if (local?.kind === 'relative') wanted.set(`${local.type}/${local.id}`, { type: local.type, id: local.id });
  });
  wanted.delete(`${type}/${id}`);
  const found = await context.store.readMany([...wanted.values()]);
  const parts = found.flatMap((version) => {
    const resource = resourceOf(version);
    return version === undefined || resource === undefined ? [] : [{ fullUrl: fullUrlOf(version, context.settings.baseUrl), resource }];
  });
  return resourceReply({
    resourceType: 'Bundle',
    identifier: { system: 'urn:ietf:rfc:3986', value: `urn:uuid:${context.newId()}` },
    type: 'document',
    timestamp: context.now().toISOString(),
    entry: [{ fullUrl: fullUrlOf(present, context.settings.baseUrl), resource: composition }, ...parts],
  });
}
