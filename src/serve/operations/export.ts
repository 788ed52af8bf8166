import type { ExportFile } from '../../export/export-job.ts';
import type { Exporter } from '../../export/exporter.ts';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { toOperationOutcome } from '../../issue/operation-outcome.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { requireFile } from '../http/send-content.ts';
import { requirePresent } from '../interactions/read.ts';
import { type Reply, resourceReply } from '../reply.ts';
import type { Target } from '../route.ts';
import { exportRequest } from './export-parameters.ts';

/** Where jobs and their files are, below the base. */
export const JOBS = '_export';

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
  requirePresent(await context.store.read('Group', id), `Group/${id}`);
  return kickOff(request, 'group', id, context);
}

async function kickOff(request: FhirRequest, level: 'system' | 'patient' | 'group', group: string, context: Context): Promise<Reply> {
  const exporter = exporterOf(context);
  const asked = exportRequest(request, level, group, context);
  const patients = await context.store.readMany((asked.patients ?? []).map((id) => ({ type: 'Patient', id })));
  asked.patients?.forEach((id, index) => void requirePresent(patients[index], `Patient/${id}`));
  const id = await exporter.kickOff(asked, OWNER);
  const location = `${context.settings.baseUrl}/${JOBS}/${id}`;
  return { ...resourceReply(toOperationOutcome([]), 202, { 'content-location': location }), outcome: true };
}

/** GET _export/{id}: how far the job is, or its manifest. */
export async function exportStatus(_request: FhirRequest, { id }: Target, context: Context): Promise<Reply> {
  const status = await exporterOf(context).status(id, OWNER);
  if (status.state === 'failed') throw new IssueError(...status.issues);
  if (status.state === 'unfinished') {
    return { status: 202, headers: { 'x-progress': status.progress, 'retry-after': String(status.retryAfterSeconds) } };
  }
  const list = (kind: ExportFile['kind']) =>
    status.files
      .filter((file) => file.kind === kind)
      .map(({ type, name, count }) => ({ type, url: `${context.settings.baseUrl}/${JOBS}/${id}/${name}`, count }));
  const manifest = {
    transactionTime: new Date(status.time).toISOString(),
    request: status.request,
    requiresAccessToken: context.settings.requiresAccessToken === true,
    output: list('output'),
    deleted: list('deleted'),
    error: list('error'),
  };
  const headers = { expires: new Date(status.expires).toUTCString() };
  return { status: 200, headers, content: { type: 'application/json; charset=utf-8', text: JSON.stringify(manifest) } };
}

/** DELETE _export/{id}: ends the job and removes its files. */
export async function exportCancel(_request: FhirRequest, { id }: Target, context: Context): Promise<Reply> {
  await exporterOf(context).cancel(id, OWNER);
  return { ...resourceReply(toOperationOutcome([]), 202), outcome: true };
}

/** GET _export/{id}/{file}: one file. Its name is looked up among those of the job, never on the disk. */
export async function exportFile(_request: FhirRequest, { id, version }: Target, context: Context): Promise<Reply> {
  const { path, bytes } = await exporterOf(context).file(id, version, OWNER);
  const content = { type: 'application/fhir+ndjson', file: path, bytes };
  await requireFile(content);
  return { status: 200, headers: {}, content };
}

/** Whose jobs these are. Nobody logs in yet, so they are everybody's who knows their address, which cannot be guessed. */
const OWNER = '';

function exporterOf({ exporter }: Context): Exporter {
  if (exporter === undefined) throw new IssueError(issue('operation-unknown', { operation: '$export' }));
  return exporter;
}
