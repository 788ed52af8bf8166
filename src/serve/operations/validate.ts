import { issue, type Issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { toOperationOutcome } from '../../issue/operation-outcome.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { requirePresent } from '../interactions/read.ts';
import { type Reply, resourceReply } from '../reply.ts';
import type { Target } from '../route.ts';
import { isSubsetted } from '../write/resource-check.ts';
import { resourceOf } from '../write/stored-resource.ts';
import { parametersIn, simpleInputs } from './parameters.ts';

const MODES = new Set(['create', 'update', 'delete', 'profile']);

/**
 * POST {type}/$validate: whether a resource could be kept, or in mode `delete` taken away. The answer is 200 with what was found, errors
 * among it.
 *
 * Source: FHIR R4 Resource-operation-validate
 */
export async function validateType(request: FhirRequest, { type }: Target, context: Context): Promise<Reply> {
  const { resource, mode } = inputs(request);
  if (resource === undefined) throw new IssueError(issue('body-missing'));
  const id = typeof resource['id'] === 'string' ? resource['id'] : undefined;
  const withoutId =
    mode === 'update' || mode === 'delete' ? issue('id-mismatched', { element: 'id', expression: `${type}.id` }) : undefined;
  if (id === undefined && withoutId !== undefined) return outcome([...typeIssues(resource, type), withoutId]);
  if (mode === 'delete') {
    requirePresent(await context.store.read(type, id ?? ''), `${type}/${id}`);
    return outcome(typeIssues(resource, type));
  }
  return outcome([...typeIssues(resource, type), ...wholeIssues(resource, type, mode), ...check(resource, request, context)]);
}

/** {type}/{id}/$validate: whether a resource could take the place of the one stored, or could go; without one, the one stored itself. */
export async function validateInstance(request: FhirRequest, { type, id }: Target, context: Context): Promise<Reply> {
  const { resource, mode } = inputs(request);
  const stored = await context.store.read(type, id);
  if (mode === 'delete' || resource === undefined) {
    const present = requirePresent(stored, `${type}/${id}`);
    return outcome(mode === 'delete' ? [] : check(resourceOf(present) as Record<string, unknown>, request, context));
  }
  const isStored = stored !== undefined && !stored.deleted;
  const ids = mode === 'create' || resource['id'] === id ? [] : [issue('id-mismatched', { element: 'id', expression: `${type}.id` })];
  const there = mode === 'create' && isStored ? [issue('exists-already', { reference: `${type}/${id}` })] : [];
  return outcome([
    ...typeIssues(resource, type),
    ...ids,
    ...there,
    ...wholeIssues(resource, type, mode),
    ...check(resource, request, context),
  ]);
}

/** A part of a resource cannot be written; it may still be held against a profile. */
function wholeIssues(resource: Readonly<Record<string, unknown>>, type: string, mode: string | undefined): Issue[] {
  const isWrite = mode === 'create' || mode === 'update';
  return isWrite && isSubsetted(resource) ? [issue('resource-subsetted', { expression: `${type}.meta.tag` })] : [];
}

function inputs(request: FhirRequest): { resource: Record<string, unknown> | undefined; mode: string | undefined } {
  const [mode] = simpleInputs(request, 'mode');
  if (mode !== undefined && !MODES.has(mode)) {
    throw new IssueError(issue('parameter-invalid', { parameter: 'mode', reason: 'it takes create, update, delete or profile' }));
  }
  const body = request.body?.kind === 'resource' ? request.body.value : undefined;
  const parameters = parametersIn(body);
  if (parameters === undefined) return { resource: body, mode };
  const given = parameters.find(({ name }) => name === 'resource')?.resource;
  const isResource = typeof given === 'object' && given !== null && !Array.isArray(given);
  return { resource: isResource ? (given as Record<string, unknown>) : undefined, mode };
}

function typeIssues(resource: Readonly<Record<string, unknown>>, type: string): Issue[] {
  return resource['resourceType'] === type ? [] : [issue('id-mismatched', { element: 'resourceType', expression: 'resourceType' })];
}

/** A profile that is asked for and not loaded leaves the question open, which is an error here and a warning on a write. */
function check(resource: Readonly<Record<string, unknown>>, request: FhirRequest, context: Context): Issue[] {
  const profiles = simpleInputs(request, 'profile');
  const asked = new Set(profiles);
  return context.validator
    .validate(resource, { profiles })
    .map(
      (one): Issue => (one.id === 'profile-unknown' && asked.has(one.parameters['profile'] ?? '') ? { ...one, severity: 'error' } : one),
    );
}

function outcome(issues: readonly Issue[]): Reply {
  return resourceReply(toOperationOutcome(issues));
}
