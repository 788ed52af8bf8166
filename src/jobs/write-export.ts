import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { patientsIn } from '../fhir/patients-named.ts';
import { toOutcomeIssue } from '../issue/operation-outcome.ts';
import type { Store, StoredVersion, WalkQuery } from '../store/store.ts';
import { isAssociated } from './associated-data.ts';
import type { ResourceReading } from './choose-versions.ts';
import type { ExportRequest } from './export-request.ts';
import type { ExportJob, JobFile } from './job.ts';
import { momentSeq } from './export-moments.ts';
import { groupMembers } from './group-members.ts';
import { NdjsonFile, patientsBeside } from './ndjson-file.ts';
import { type Selection, selectionOf } from './selection.ts';

/** What the writing of an export works with. */
export interface ExportMeans {
  readonly store: Store;
  /** The folder of all jobs. */
  readonly folder: string;
  readonly reading: ResourceReading;
  /** The text of a version with only these elements, marked as such. */
  readonly narrow: (version: StoredVersion, elements: readonly string[]) => string;
  readonly newId: () => string;
  /** Where a file ends. */
  readonly file: { readonly resources: number; readonly bytes: number };
  /**
   * Keeps how far the job is; whole files are on the disk before. False: it is another's now, or nobody's, and the work ends.
   */
  readonly keep: (progress: Partial<ExportJob>) => Promise<boolean>;
  /** Asked between stretches: whether the work is to end where it is. */
  readonly mustStop: () => boolean;
}

/**
 * Writes the files of a job from where it is, type by type in the order of commits. The versions are those that were current at the job's
 * commit whenever they are read, so a job that is taken up again goes on behind its last whole file as if it had never stopped.
 *
 * @returns whether it came to the end
 */
export async function writeExport(job: ExportJob, means: ExportMeans): Promise<boolean> {
  const { request } = job;
  const folder = join(means.folder, job.id);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await removeHalves(folder, job);
  const patients = await patientsOf(job, means.store);
  const from = request.since === undefined ? undefined : await momentSeq(means.store, request.since);
  const selection = selectionOf(request, from, patients, means.reading);
  const files = [...job.files];
  let { typesDone, after } = job;
  if (job.files.length === 0 && request.warnings.length > 0) files.push(await errorFile(folder, job, means.newId()));
  for (; typesDone < request.types.length; typesDone += 1) {
    const type = request.types[typesDone] as string;
    const open = new OpenFiles(folder, means, files);
    const elements = elementsOf(job, type);
    const associated = type === 'Provenance' ? request.associated : undefined;
    for await (const versions of means.store.walk(walkOf(job, type, after, associated === undefined ? from : 0))) {
      if (means.mustStop()) {
        await open.discard();
        return false;
      }
      for (const version of versions) {
        if (version.deleted) await addDeletion(version, selection, request, open, means.store);
        else if (
          (associated?.alone !== true && selection.has(version)) ||
          (associated !== undefined && (await isAssociated(version, associated, selection, job.seq, means.store)))
        )
          await open.add('output', type, elements === undefined ? version.json : means.narrow(version, elements), version);
      }
      after = versions.at(-1)?.seq ?? after;
      if (open.isFull) {
        await open.finish();
        if (!(await means.keep({ typesDone, after, files: [...files] }))) return false;
      }
    }
    await open.finish();
    after = 0;
    if (!(await means.keep({ typesDone: typesDone + 1, after, files: [...files] }))) return false;
  }
  return true;
}

/** The files of one type that are being written: what is there, and what is gone. Nothing is opened before its first line. */
class OpenFiles {
  readonly #folder: string;
  readonly #means: ExportMeans;
  readonly #files: JobFile[];
  readonly #open = new Map<JobFile['kind'], NdjsonFile>();

  constructor(folder: string, means: ExportMeans, files: JobFile[]) {
    this.#folder = folder;
    this.#means = means;
    this.#files = files;
  }

  async add(kind: 'output' | 'deleted', type: string, json: string, of: StoredVersion): Promise<void> {
    let file = this.#open.get(kind);
    if (file === undefined) {
      const number = this.#files.filter((one) => one.kind === kind && one.type === type).length + 1;
      const name = `${kind === 'deleted' ? 'deleted' : type}-${number}-${this.#means.newId()}.ndjson`;
      file = await NdjsonFile.create(this.#folder, { name, kind, type });
      this.#open.set(kind, file);
    }
    const waited = file.add(json, patientsIn(of));
    if (waited !== undefined) await waited;
  }

  get isFull(): boolean {
    const { resources, bytes } = this.#means.file;
    return [...this.#open.values()].some((file) => file.count >= resources || file.bytes >= bytes);
  }

  async finish(): Promise<void> {
    for (const file of this.#open.values()) this.#files.push(await file.finish());
    this.#open.clear();
  }

  async discard(): Promise<void> {
    for (const file of this.#open.values()) await file.discard();
    this.#open.clear();
  }
}

/** What a type is walked by; `from` 0: all of it, whenever it was written. */
function walkOf({ request: { since }, seq }: ExportJob, type: string, after: number, from: number | undefined): WalkQuery {
  const byTime = since === undefined || from !== undefined ? {} : { since };
  return { type, after: Math.max(after, from ?? 0), upTo: seq, current: true, ...byTime };
}

/**
 * What is gone is told where somebody asks for what changed since a time, and only to whom the resource itself would have been given.
 *
 * Source: Bulk Data Access 3.0.0, Export: deleted
 */
async function addDeletion(
  version: StoredVersion,
  selection: Selection,
  { since, associated }: ExportRequest,
  open: OpenFiles,
  store: Store,
): Promise<void> {
  const { type, id } = version;
  if (since === undefined || !selection.isInTime(version) || (type === 'Provenance' && associated?.alone === true)) return;
  const choice = selection.choice(type);
  if (choice !== undefined) {
    const before = await store.readVersion(type, id, version.version - 1);
    if (before === undefined || before.deleted || !choice(before)) return;
  }
  const entry = [{ request: { method: 'DELETE', url: `${type}/${id}` } }];
  await open.add('deleted', 'Bundle', JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }), version);
}

async function errorFile(folder: string, { request }: ExportJob, id: string): Promise<JobFile> {
  const file = await NdjsonFile.create(folder, { name: `errors-${id}.ndjson`, kind: 'error', type: 'OperationOutcome' });
  for (const warning of request.warnings)
    await file.add(JSON.stringify({ resourceType: 'OperationOutcome', issue: [toOutcomeIssue(warning)] }), []);
  return file.finish();
}

/** The patients whose data is wanted; undefined: any. */
async function patientsOf({ request, seq }: ExportJob, store: Store): Promise<ReadonlySet<string> | undefined> {
  const asked = request.patients === undefined ? undefined : new Set(request.patients);
  if (request.group === undefined) return asked;
  const members = await groupMembers(store, request.group, seq);
  return asked === undefined ? members : new Set([...members].filter((id) => asked.has(id)));
}

/** The elements of a type that are wanted; undefined: all. */
function elementsOf({ request }: ExportJob, type: string): readonly string[] | undefined {
  const named = request.elements.filter((one) => one.type === undefined || one.type === type).map(({ element }) => element);
  return named.length === 0 ? undefined : named;
}

/** What was being written when the gateway stopped is written anew, under another name. */
async function removeHalves(folder: string, { files }: ExportJob): Promise<void> {
  const whole = new Set(files.flatMap(({ name }) => [name, patientsBeside(name)]));
  for (const name of await readdir(folder)) if (!whole.has(name)) await rm(join(folder, name), { force: true });
}

/** Removes the files of a job. */
export async function removeFiles(folder: string, id: string): Promise<void> {
  await rm(join(folder, id), { recursive: true, force: true });
}
