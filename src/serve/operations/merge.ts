import { decideMerge, decideUnmerge, type MergeDecision } from '../../intake/merge-patients.ts';
import { provenanceOfAction } from '../../intake/provenance.ts';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Result } from '../../issue/result.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { type Reply, resourceReply } from '../reply.ts';
import type { Target } from '../route.ts';
import { committedVersion } from '../write/committed-version.ts';
import { type Decision, settle } from '../write/decision.ts';
import { resourceOf } from '../write/stored-resource.ts';
import { parametersIn, valueIn } from './parameters.ts';

/**
 * POST Patient/{id}/$merge: the patient named by source-patient is merged into this one, as an A40 would.
 *
 * Fails: parameter-invalid, resource-not-found, merge-impossible
 */
export function merge(request: FhirRequest, { id }: Target, context: Context): Promise<Reply> {
  const source = patientIn(request, 'source-patient');
  if (source === undefined) {
    throw new IssueError(
      issue('parameter-invalid', { parameter: 'source-patient', reason: 'a reference to the patient to merge is needed' }),
    );
  }
  return settle(async () => decisionOf('$merge', await decideMerge(id, source, context.store), context), context);
}

/**
 * POST Patient/{id}/$unmerge: takes a merge back, called on either of the two. Of several patients merged into one, source-patient names
 * which.
 *
 * Fails: parameter-invalid, resource-not-found, merge-impossible
 */
export function unmerge(request: FhirRequest, { id }: Target, context: Context): Promise<Reply> {
  const source = patientIn(request, 'source-patient');
  return settle(async () => decisionOf('$unmerge', await decideUnmerge(id, source, context.store), context), context);
}

function decisionOf(action: string, decided: Result<MergeDecision>, context: Context): Decision {
  if (!decided.ok) throw new IssueError(...decided.issues);
  const { writes, claims, documents, survivor, other } = decided.value;
  const changed = writes.map((write) => `${write.type}/${write.id}`);
  const provenance = changed.length === 0 ? [] : [provenanceOfAction(action, context.newId(), changed, context.now())];
  return {
    writes: [...writes, ...provenance],
    claims,
    documents,
    guards: [],
    answer: (committed) => {
      const asStored = (patient: Readonly<Record<string, unknown>>) =>
        changed.includes(`Patient/${String(patient['id'])}`)
          ? resourceOf(committedVersion(committed, 'Patient', String(patient['id'])))
          : patient;
      return resourceReply({
        resourceType: 'Parameters',
        parameter: [
          { name: 'result-patient', resource: asStored(survivor) },
          { name: 'source-patient', resource: asStored(other) },
        ],
      });
    },
  };
}

/** The id of the patient a parameter refers to. Fails: parameter-invalid */
function patientIn(request: FhirRequest, name: string): string | undefined {
  const body = request.body?.kind === 'resource' ? parametersIn(request.body.value) : undefined;
  const parameter = body?.find((one) => one.name === name);
  if (parameter === undefined) return undefined;
  const { reference } = (valueIn(parameter) ?? {}) as { reference?: unknown };
  const id = typeof reference === 'string' ? /^Patient\/([A-Za-z0-9.-]{1,64})$/.exec(reference)?.[1] : undefined;
  if (id === undefined)
    throw new IssueError(issue('parameter-invalid', { parameter: name, reason: 'it is no reference to a patient here' }));
  return id;
}
