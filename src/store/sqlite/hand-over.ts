import type { Job, PreparedWrite } from './write-job.ts';

/** What is longer is not copied where it need not be, and leaves nothing behind. Units: bytes or characters */
export const LARGE = 1024 * 1024;

/** Whether a job writes many megabytes. */
export function isLarge(job: Job): boolean {
  if (job.kind === 'receive') return (job.arrival.raw?.length ?? 0) > LARGE;
  return job.kind === 'change' && job.change.writes.some(isLong);
}

/** Jobs on their way to another thread, their long texts as bytes, and what is not copied: it is there afterwards, and no longer here. */
export function toHandOver(jobs: readonly Job[]): { readonly jobs: readonly Job[]; readonly buffers: ArrayBuffer[] } {
  if (!jobs.some(isLarge)) return { jobs, buffers: [] };
  const sent = jobs.map((job) =>
    job.kind === 'change' && isLarge(job) ? { ...job, change: { ...job.change, writes: job.change.writes.map(inBytes) } } : job,
  );
  return { jobs: sent, buffers: buffersOf(sent) };
}

/** What was handed over gives its memory back at once: many megabytes would wait for the garbage collector, and it for more of them. */
export function giveBack(jobs: readonly Job[]): void {
  for (const buffer of buffersOf(jobs)) buffer.transfer(0);
}

function isLong({ tail }: PreparedWrite): boolean {
  return (tail?.length ?? 0) > LARGE;
}

function inBytes(write: PreparedWrite): PreparedWrite {
  return isLong(write) && typeof write.tail === 'string' ? { ...write, tail: Buffer.from(write.tail) } : write;
}

/** The memory of what is long, where it is all that is in it. */
function buffersOf(jobs: readonly Job[]): ArrayBuffer[] {
  const long = jobs.flatMap((job) =>
    job.kind === 'receive' ? [job.arrival.raw] : job.kind === 'change' ? job.change.writes.map(({ tail }) => tail) : [],
  );
  return long.flatMap((bytes) => {
    const isWhole = bytes instanceof Uint8Array && bytes.length > LARGE && bytes.length === bytes.buffer.byteLength;
    return isWhole && bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
  });
}
