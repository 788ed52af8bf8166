import type { Guard } from '../../store/store.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import type { Reply } from '../reply.ts';
import type { Target } from '../route.ts';
import { bodyResource } from '../write/body-resource.ts';
import { decideWrite } from '../write/decide-write.ts';
import { type Decision, settle, unchanged } from '../write/decision.ts';
import { criteriaIn, resolveCriteria } from '../write/resolve-criteria.ts';
import { checkResource } from '../write/resource-check.ts';
import { writtenReply } from '../write/written-reply.ts';

/** POST {type}: a new resource under an id of ours; with If-None-Exist only when the criteria match nothing. */
export function create(request: FhirRequest, { type }: Target, context: Context): Promise<Reply> {
  const resource = bodyResource(request);
  return settle(async () => {
    const criteria = request.conditions.ifNoneExist;
    if (criteria === undefined) return decideCreate(request, type, context.newId(), resource, [], context);
    const { ids, guard } = await resolveCriteria(type, criteriaIn(criteria, type), context);
    return ids[0] === undefined
      ? decideCreate(request, type, context.newId(), resource, [guard], context)
      : foundInstead(request, type, ids[0], [guard], context);
  }, context);
}

/** A new resource under an id already chosen. Fails: what the validator finds */
export async function decideCreate(
  request: FhirRequest,
  type: string,
  id: string,
  resource: Record<string, unknown>,
  guards: readonly Guard[],
  context: Context,
): Promise<Decision> {
  const checked = checkResource(resource, type, context);
  return decideWrite(request, { type, id, resource, checked, current: undefined, guards, method: 'POST' }, context);
}

/** The criteria of a conditional create matched: nothing is made, the answer is what was found. */
export async function foundInstead(
  request: FhirRequest,
  type: string,
  id: string,
  guards: readonly Guard[],
  context: Context,
): Promise<Decision> {
  const version = await context.store.read(type, id);
  if (version === undefined || version.deleted) return unchanged({ status: 200, headers: {} }, guards);
  return unchanged(writtenReply(version, false, request, [], context.settings.baseUrl), guards);
}
