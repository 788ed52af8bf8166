import { unwatchFile, watchFile } from 'node:fs';

const LOOK_EVERY_MS = 1_000;

/** Tells when one of the files has changed; what it gives back ends that. */
export function watchFiles(paths: readonly string[], changed: () => void): () => void {
  // Each has a listener of its own: files may be shared, and are watched for as long as any is.
  const listener = () => changed();
  for (const path of paths) watchFile(path, { interval: LOOK_EVERY_MS, persistent: false }, listener);
  return () => {
    for (const path of paths) unwatchFile(path, listener);
  };
}
