import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { requirePresent } from '../interactions/read.ts';
import { acceptedReply, EXPORTS, jobsOf, OWNER } from '../jobs/job-address.ts';
import type { Reply } from '../reply.ts';
import type { Target } from '../route.ts';
import { exportRequest } from './export-parameters.ts';

/** $export: everything. */
export function exportSystem(request: FhirRequest, _target: Target, context: Context): Promise<Reply> {
  return kickOff(request, 'system', '', context);
}

/** Patient/$export: what is about any patient, or about those named. */
export function exportPatients(request: FhirRequest, _target: Target, context: Context): Promise<Reply> {
  return kickOff(request, 'patient', '', context);
}

/** Group/{id}/$export: what is about the members of a group. */
export async function exportGroup(request: FhirRequest, { id }: Target, context: Context): Promise<Reply> {
  // clients ask for scopes of the types they export, and forget this one: that the group is not known would not tell them
  if (context.visit?.access.may('Group', 'r') === undefined && context.visit !== undefined)
    throw new IssueError(issue('forbidden', { reason: 'the token has no scope for Group' }));
  requirePresent(await context.store.read('Group', id), `Group/${id}`);
  return kickOff(request, 'group', id, context);
}

async function kickOff(request: FhirRequest, level: 'system' | 'patient' | 'group', group: string, context: Context): Promise<Reply> {
  const jobs = jobsOf(context, '$export');
  const asked = exportRequest(request, level, group, context);
  const patients = await context.store.readMany((asked.patients ?? []).map((id) => ({ type: 'Patient', id })));
  asked.patients?.forEach((id, index) => void requirePresent(patients[index], `Patient/${id}`));
  return acceptedReply(EXPORTS, await jobs.kickOff(asked, OWNER), context);
}
