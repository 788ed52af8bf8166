import type { Job, PreparedWrite } from './write-job.ts';

/** What is longer is not copied where it need not be, and leaves nothing behind. Units: bytes or characters */
export const LARGE = 1024 * 1024;

/** Jobs on their way to another thread, their long texts as bytes, and what is not copied: it is there afterwards, and no longer here. */
export function toHandOver(jobs: readonly Job[]): { readonly jobs: readonly Job[]; readonly buffers: ArrayBuffer[] } {
  const sent = jobs.map((job) =>
    job.kind === 'change' && job.change.writes.some(isLong)
      ? { ...job, change: { ...job.change, writes: job.change.writes.map(inBytes) } }
      : job,
  );
  return { jobs: sent, buffers: buffersOf(sent) };
}

/** What was handed over gives its memory back at once: many megabytes would wait for the garbage collector, and it for more of them. Whether there was any. */
export function giveBack(jobs: readonly Job[]): boolean {
  const buffers = buffersOf(jobs);
  for (const buffer of buffers) buffer.transfer(0);
  return buffers.length > 0;
}

function isLong({ tail }: PreparedWrite): boolean {
  return typeof tail === 'string' && tail.length > LARGE;
}

function inBytes(write: PreparedWrite): PreparedWrite {
  return isLong(write) ? { ...write, tail: Buffer.from(write.tail as string) } : write;
}

/** The memory of what is long, where it is all that is in it. */
function buffersOf(jobs: readonly Job[]): ArrayBuffer[] {
  const kept = jobs.flatMap((job) =>
    job.kind === 'receive' ? [job.arrival.raw] : job.kind === 'change' ? job.change.writes.map(({ tail }) => tail) : [],
  );
  return kept.flatMap((bytes) => {
    const isWhole = bytes instanceof Uint8Array && bytes.length > LARGE && bytes.length === bytes.buffer.byteLength;
    return isWhole && bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
  });
}
