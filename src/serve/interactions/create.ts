import type { Guard } from '../../store/store.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import type { Reply } from '../reply.ts';
import type { Target } from '../route.ts';
import { bodyResource } from '../write/body-resource.ts';
import { claimChanges } from '../write/claims.ts';
import { type Committed, type Decision, settle, unchanged } from '../write/decision.ts';
import { criteriaIn, resolveCriteria } from '../write/resolve-criteria.ts';
import { checkResource, toBeKept } from '../write/resource-check.ts';
import { writtenReply } from '../write/written-reply.ts';
import { committedVersion } from '../write/committed-version.ts';

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
  const { warnings, misses } = checkResource(resource, type, context);
  const kept = toBeKept(resource, id, misses);
  const claimed = await claimChanges(context.store, `${type}/${id}`, undefined, kept);
  return {
    writes: [{ type, id, expected: 0, resource: kept, method: 'POST' }],
    claims: claimed.claims,
    guards,
    answer: (committed: Committed) =>
      writtenReply(committedVersion(committed, type, id), true, request, [...warnings, ...claimed.warnings], context.settings.baseUrl),
  };
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
