/** A fault of our own as a log line may hold it. */
export interface Fault {
  readonly name: string;
  /** Where it happened, innermost first. */
  readonly stack: readonly string[];
}

/** What a log line may say of something thrown: its name and where, never its message, which may hold a value of a patient. */
export function faultOf(error: unknown): Fault {
  if (!(error instanceof Error)) return { name: typeof error, stack: [] };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { name: error.name, stack: frames.slice(0, 12).map((line) => line.trim()) };
}
