import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A mapping file as it stands on disk. */
export interface MappingFile {
  /** Shape: mappings/segments/pid-to-patient.yaml */
  readonly path: string;
  readonly text: string;
}

const INSTALLED = join(import.meta.dirname, '..', 'mappings');

/** The mapping files of a folder, in the order of their names; of the installation's own folder where none is given. Throws what the file system says. */
export function readMappingFiles(folder: string): MappingFile[] {
  const root = folder === '' ? INSTALLED : folder;
  return globSync('**/*.yaml', { cwd: root })
    .sort()
    .map((name) => ({ path: `mappings/${name}`, text: readFileSync(join(root, name), 'utf8') }));
}

/** A name for exactly these files, kept with what they made. Shape: 12 hex digits */
export function versionOf(files: readonly MappingFile[]): string {
  const hash = createHash('sha256');
  for (const { path, text } of files) hash.update(`${path}\0${text}\0`);
  return hash.digest('hex').slice(0, 12);
}
