import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { toOperationOutcome } from '../../issue/operation-outcome.ts';
import type { Guard } from '../../store/store.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { etagOf, type Reply, resourceReply } from '../reply.ts';
import type { Target } from '../route.ts';
import { claimChanges } from '../write/claims.ts';
import { committedVersion } from '../write/committed-version.ts';
import { type Decision, settle, unchanged } from '../write/decision.ts';
import { resolveCriteria } from '../write/resolve-criteria.ts';
import { resourceOf } from '../write/stored-resource.ts';
import { checkVersion } from '../write/version-conditions.ts';

/** DELETE {type}/{id}: what is deleted, or never was, stays so. */
export function remove(request: FhirRequest, { type, id }: Target, context: Context): Promise<Reply> {
  return settle(() => decideDelete(request, type, [id], [], context), context);
}

/** DELETE {type}?criteria: the one that matches; several only where the setting allows it. */
export function conditionalDelete(request: FhirRequest, { type }: Target, context: Context): Promise<Reply> {
  return settle(async () => {
    const { ids, guard } = await resolveCriteria(type, request.query, context, mostDeleted(context));
    return decideDelete(request, type, ids, [guard], context);
  }, context);
}

/** How many resources one conditional delete may take away. */
export function mostDeleted(context: Context): number {
  return context.settings.multipleDelete ? context.settings.maxCount : 1;
}

/** Fails: version-conflict */
export async function decideDelete(
  request: FhirRequest,
  type: string,
  ids: readonly string[],
  guards: readonly Guard[],
  context: Context,
): Promise<Decision> {
  const found = await context.store.readMany(ids.map((id) => ({ type, id })));
  const present = found.filter((version) => version !== undefined && !version.deleted) as Exclude<(typeof found)[number], undefined>[];
  if (request.conditions.ifMatch !== undefined) {
    const [id = ''] = ids;
    if (ids.length !== 1) throw new IssueError(issue('version-conflict', { reference: type }));
    checkVersion(`${type}/${id}`, found[0], { ifMatch: request.conditions.ifMatch });
  }
  if (present.length === 0) return unchanged(deletedReply(request, {}), guards);
  const claims = [];
  for (const version of present) {
    claims.push(...(await claimChanges(context.store, `${type}/${version.id}`, resourceOf(version), undefined)).claims);
  }
  return {
    writes: present.map((version) => ({ type, id: version.id, expected: version.version })),
    claims,
    guards,
    answer: (committed) => {
      const [only] = present.map(({ id }) => committedVersion(committed, type, id));
      return deletedReply(request, present.length === 1 && only !== undefined ? { etag: etagOf(only.version) } : {});
    },
  };
}

function deletedReply(request: FhirRequest, headers: Record<string, string>): Reply {
  if (request.prefer.return !== 'OperationOutcome') return { status: 204, headers };
  return { ...resourceReply(toOperationOutcome([]), 200, headers), outcome: true };
}
