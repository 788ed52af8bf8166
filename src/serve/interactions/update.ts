import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { isId } from '../../fhir/primitives.ts';
import type { Guard } from '../../store/store.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import type { Reply } from '../reply.ts';
import type { Target } from '../route.ts';
import { bodyResource } from '../write/body-resource.ts';
import { decideWrite } from '../write/decide-write.ts';
import { type Decision, settle } from '../write/decision.ts';
import { resolveCriteria } from '../write/resolve-criteria.ts';
import { checkResource } from '../write/resource-check.ts';
import { checkVersion } from '../write/version-conditions.ts';

/** PUT {type}/{id}: a new version, or the first one under an id of the client's. */
export function update(request: FhirRequest, { type, id }: Target, context: Context): Promise<Reply> {
  const resource = bodyResource(request);
  return settle(() => decideUpdate(request, type, id, resource, [], context), context);
}

/** PUT {type}?criteria: updates what matches; with no match creates, under the id of the body if it has one. */
export function conditionalUpdate(request: FhirRequest, { type }: Target, context: Context): Promise<Reply> {
  const resource = bodyResource(request);
  return settle(async () => {
    const { ids, guard } = await resolveCriteria(type, request.query, context);
    const { id, body } = idOfConditionalUpdate(ids[0], resource, context);
    return decideUpdate(request, type, id, body, [guard], context);
  }, context);
}

/** Which resource a conditional update writes. Fails: id-mismatched (the body names another than the match), id-invalid */
export function idOfConditionalUpdate(
  matched: string | undefined,
  resource: Record<string, unknown>,
  context: Context,
): { id: string; body: Record<string, unknown> } {
  const named = resource['id'];
  if (named !== undefined && (typeof named !== 'string' || !isId(named))) {
    throw new IssueError(issue('id-invalid', { reason: 'it has other characters or is longer than 64', expression: 'id' }));
  }
  if (matched !== undefined && named !== undefined && named !== matched)
    throw new IssueError(issue('id-mismatched', { element: 'id', expression: 'id' }));
  const id = matched ?? named ?? context.newId();
  return { id, body: { ...resource, id } };
}

/** Fails: id-mismatched, version-conflict, exists-already, and what the validator finds */
export async function decideUpdate(
  request: FhirRequest,
  type: string,
  id: string,
  resource: Record<string, unknown>,
  guards: readonly Guard[],
  context: Context,
): Promise<Decision> {
  if (resource['id'] !== id) throw new IssueError(issue('id-mismatched', { element: 'id', expression: `${type}.id` }));
  const checked = checkResource(resource, type, context);
  const current = await context.store.read(type, id);
  checkVersion(`${type}/${id}`, current, request.conditions);
  return decideWrite(request, { type, id, resource, checked, current, guards }, context);
}
