import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import type { MappingFile } from '../map/compile-mappings.ts';

const INSTALLED = join(import.meta.dirname, '../..', 'mappings');

/**
 * The mapping files of the installation, and those of a folder of one's own, where one is given: they add to the others, and one of the
 * same name takes the other's place.
 *
 * Fails: throws what the file system says
 */
export function readMappingFiles(folder: string): MappingFile[] {
  return mappingPaths(folder).map(({ path, file }) => ({ path, text: readFileSync(file, 'utf8') }));
}

/** Tells whether any of the files was changed, added or taken away: by their names, sizes and times. */
export function mappingSignature(folder: string): string {
  return mappingPaths(folder)
    .map(({ file }) => {
      const stat = statSync(file, { throwIfNoEntry: false });
      return `${file} ${stat?.size ?? ''} ${stat?.mtimeMs ?? ''}`;
    })
    .join('\n');
}

/** Where the files are, and how they are named to their authors, in the order of their names. */
function mappingPaths(folder: string): { path: string; file: string }[] {
  const named = new Map<string, { path: string; file: string }>();
  const add = (root: string, shown: string) => {
    for (const name of globSync('**/*.yaml', { cwd: root })) named.set(name, { path: `${shown}/${name}`, file: join(root, name) });
  };
  add(INSTALLED, 'mappings');
  if (folder !== '') {
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
      throw new IssueError(issue('setting-invalid', { setting: 'MAPPINGS', reason: 'there is no such folder' }));
    add(folder, folder.replace(/\/+$/, ''));
  }
  return [...named].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, paths]) => paths);
}
