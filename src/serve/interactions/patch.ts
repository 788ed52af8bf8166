import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Guard } from '../../store/store.ts';
import type { Context } from '../context.ts';
import type { Body, FhirRequest } from '../fhir-request.ts';
import { applyFhirPathPatch } from '../patch/fhirpath-patch.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import type { Reply } from '../reply.ts';
import type { Target } from '../route.ts';
import { decideWrite } from '../write/decide-write.ts';
import { type Decision, settle } from '../write/decision.ts';
import { resolveCriteria } from '../write/resolve-criteria.ts';
import { checkResource } from '../write/resource-check.ts';
import { resourceOf } from '../write/stored-resource.ts';
import { checkVersion } from '../write/version-conditions.ts';
import { requirePresent } from './read.ts';

/** PATCH {type}/{id}: a JSON Patch, or a FHIRPath Patch as a Parameters resource. */
export function patch(request: FhirRequest, { type, id }: Target, context: Context): Promise<Reply> {
  return settle(() => decidePatch(request, type, id, [], context), context);
}

/** PATCH {type}?criteria: the one that matches. Fails: resource-not-found when none does */
export function conditionalPatch(request: FhirRequest, { type }: Target, context: Context): Promise<Reply> {
  return settle(async () => {
    const { ids, guard } = await resolveCriteria(type, request.query, context);
    if (ids[0] === undefined) throw new IssueError(issue('resource-not-found', { reference: `A ${type} that meets the criteria` }));
    return decidePatch(request, type, ids[0], [guard], context);
  }, context);
}

/** Fails: resource-not-found, resource-deleted, version-conflict, patch-invalid, patch-not-applicable, and what the validator finds */
export async function decidePatch(
  request: FhirRequest,
  type: string,
  id: string,
  guards: readonly Guard[],
  context: Context,
): Promise<Decision> {
  const current = await context.store.read(type, id);
  checkVersion(`${type}/${id}`, current, request.conditions);
  const present = requirePresent(current, `${type}/${id}`);
  const resource = apply(request.body, resourceOf(present) as Record<string, unknown>, context);
  const checked = checkResource(resource, type, context);
  return decideWrite(request, { type, id, resource, checked, current: present, guards, method: 'PATCH' }, context);
}

function apply(body: Body | undefined, resource: Record<string, unknown>, context: Context): Record<string, unknown> {
  if (body === undefined || body.kind === 'message') throw new IssueError(issue('body-missing'));
  if (body.kind === 'patch') return applyJsonPatch(resource, body.value, context.settings.maxDepth);
  return applyFhirPathPatch(resource, body.value, context.definitions);
}
