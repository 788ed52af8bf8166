import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobFile } from './job.ts';

/** What is collected before it is handed to the disk. Units: characters */
const CHUNK = 1024 * 1024;

/** Where it stands, beside a file, whose data is in it: an id of a patient a line, for the audit trail. */
export function patientsBeside(path: string): string {
  return `${path}.patients`;
}

/** A file of one JSON text a line that is being written. Only its owner on this machine may read it. */
export class NdjsonFile {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #file: Omit<JobFile, 'count' | 'bytes'>;
  #lines: string[] = [];
  #waiting = 0;
  readonly #patients = new Set<string>();
  count = 0;
  bytes = 0;

  private constructor(handle: FileHandle, path: string, file: Omit<JobFile, 'count' | 'bytes'>) {
    this.#handle = handle;
    this.#path = path;
    this.#file = file;
  }

  static async create(folder: string, file: Omit<JobFile, 'count' | 'bytes'>): Promise<NdjsonFile> {
    const path = join(folder, file.name);
    return new NdjsonFile(await open(path, 'wx', 0o600), path, file);
  }

  /** A line, and the patients whose data it is; a promise when it is time to wait for the disk. */
  add(json: string, patients: Iterable<string>): Promise<void> | undefined {
    this.#lines.push(json);
    for (const patient of patients) this.#patients.add(patient);
    this.#waiting += json.length + 1;
    this.count += 1;
    return this.#waiting < CHUNK ? undefined : this.#flush();
  }

  /** Everything on the disk: the file is whole. */
  async finish(): Promise<JobFile> {
    await this.#flush();
    await this.#handle.datasync();
    await this.#handle.close();
    const beside = await open(patientsBeside(this.#path), 'wx', 0o600);
    await beside.writeFile([...this.#patients].join('\n'));
    await beside.datasync();
    await beside.close();
    return { ...this.#file, count: this.count, bytes: this.bytes };
  }

  /** Nobody wants it. */
  async discard(): Promise<void> {
    await this.#handle.close();
    await rm(this.#path, { force: true });
  }

  async #flush(): Promise<void> {
    if (this.#lines.length === 0) return;
    this.#lines.push('');
    const bytes = Buffer.from(this.#lines.join('\n'), 'utf8');
    this.#lines = [];
    this.#waiting = 0;
    this.bytes += bytes.length;
    for (let written = 0; written < bytes.length; ) written += (await this.#handle.write(bytes, written)).bytesWritten;
  }
}
