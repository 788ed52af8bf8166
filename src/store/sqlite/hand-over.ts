import type { Job, PreparedWrite } from './write-job.ts';

/** What is longer is not copied where it need not be, and leaves nothing behind. Units: bytes or characters */
export const LARGE = 1024 * 1024;

/** More than any text's beginning takes. Units: bytes */
const HEAD_ROOM = 1024;

/** A long text that was handed over, with its beginning, which is laid into the room before it; one that has its own stays as it is. */
export function withHeadLaidIn(tail: Uint8Array, head: string): Uint8Array {
  if (tail[HEAD_ROOM] === OPENING_BRACE) return tail.subarray(HEAD_ROOM);
  const bytes = Buffer.from(head);
  tail.set(bytes, HEAD_ROOM - bytes.length);
  return tail.subarray(HEAD_ROOM - bytes.length);
}

const OPENING_BRACE = 0x7b;

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
  const { tail } = write;
  if (!isLong(write) || typeof tail !== 'string') return write;
  const bytes = Buffer.allocUnsafeSlow(HEAD_ROOM + Buffer.byteLength(tail));
  bytes.write(tail, HEAD_ROOM);
  return { ...write, tail: bytes };
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
