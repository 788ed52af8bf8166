import { readFile } from 'node:fs/promises';
import { IssueError } from '../../issue/issue-error.ts';
import { toOperationOutcome } from '../../issue/operation-outcome.ts';
import type { JobFile } from '../../jobs/job.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { requireFile } from '../http/send-content.ts';
import { type Reply, resourceReply } from '../reply.ts';
import type { Target } from '../route.ts';
import { jobsOf, OWNER } from './job-address.ts';

/**
 * GET {job}: how far it is, or its manifest.
 *
 * Source: FHIR R4 async, Bulk Data Status Request; Bulk Data Access 3.0.0
 */
export async function jobStatus({ path }: FhirRequest, { id }: Target, context: Context): Promise<Reply> {
  const status = await jobsOf(context, 'asked for').status(id, OWNER);
  if (status.state === 'failed') throw new IssueError(...status.issues);
  if (status.state === 'unfinished') {
    return { status: 202, headers: { 'x-progress': status.progress, 'retry-after': String(status.retryAfterSeconds) } };
  }
  const list = (kind: JobFile['kind']) =>
    status.files
      .filter((file) => file.kind === kind)
      .map(({ type, name, count }) => ({ type, url: `${context.settings.baseUrl}/${path.join('/')}/${name}`, count }));
  const manifest = {
    transactionTime: new Date(status.time).toISOString(),
    request: status.request,
    requiresAccessToken: context.settings.requiresAccessToken === true,
    output: list('output'),
    ...(status.kind === 'export' ? { deleted: list('deleted') } : {}),
    error: list('error'),
  };
  const headers = { expires: new Date(status.expires).toUTCString() };
  return { status: 200, headers, content: { type: 'application/json; charset=utf-8', text: JSON.stringify(manifest) } };
}

/** DELETE {job}: ends it and removes its files. What a batch has written already stays. */
export async function jobCancel(_request: FhirRequest, { id }: Target, context: Context): Promise<Reply> {
  await jobsOf(context, 'asked for').cancel(id, OWNER);
  return { ...resourceReply(toOperationOutcome([]), 202), outcome: true };
}

/** GET {job}/{file}: one file. Its name is looked up among those of the job, never on the disk; the trail is told whose data it is. */
export async function jobFile(_request: FhirRequest, { id, version }: Target, context: Context): Promise<Reply> {
  const { path, bytes, patients } = await jobsOf(context, 'asked for').file(id, version, OWNER);
  const content = { type: 'application/fhir+ndjson', file: path, bytes };
  await requireFile(content);
  const named = await readFile(patients, 'utf8').catch(() => '');
  context.visit?.named(named.split('\n').filter((one) => one !== ''));
  return { status: 200, headers: {}, content };
}
