import { requirePresent } from '../interactions/read.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { type Reply, resourceReply } from '../reply.ts';
import type { Target } from '../route.ts';

/**
 * SearchParameter/{id}/$index-state: how far a search parameter made at run time is. `declared`: nothing is done with it; `indexing`: what is
 * stored is looked through for its values; `active`: it is searched by.
 */
export async function indexState(_request: FhirRequest, { type, id }: Target, context: Context): Promise<Reply> {
  requirePresent(await context.store.read(type, id), `${type}/${id}`);
  const state = await context.customParameters?.stateOf(id);
  return resourceReply({
    resourceType: 'Parameters',
    parameter: [
      { name: 'state', valueCode: state?.state ?? 'declared' },
      ...(state === undefined
        ? []
        : [
            { name: 'done', valueInteger: state.done },
            { name: 'recounted', valueInteger: state.recounted },
            { name: 'differed', valueInteger: state.differed },
          ]),
    ],
  });
}
