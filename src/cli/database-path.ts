import { stderr } from 'node:process';
import { readConfig } from '../config.ts';
import { textOf } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';

/** The file of the configured SQLite database; undefined, and the reason told, when it is none. */
export function databasePath(command: string): string | undefined {
  const config = readConfig();
  const url = config.ok ? config.value.DATABASE_URL : '';
  if (url.startsWith('sqlite:') && url !== 'sqlite::memory:') return url.slice('sqlite:'.length);
  const reasons = config.ok ? ['DATABASE_URL is no SQLite file; for MongoDB see docs/operations.md'] : config.issues.map(textOf);
  for (const reason of reasons) stderr.write(`chartbridge ${command}: ${reason}\n`);
  return undefined;
}

/** Runs a command's work; what is wrong is told in the catalogue's words. 0 when it was done, 1 when not. */
export async function told(command: string, work: () => Promise<void>): Promise<number> {
  try {
    await work();
    return 0;
  } catch (error) {
    if (!(error instanceof IssueError)) throw error;
    for (const item of error.issues) stderr.write(`chartbridge ${command}: ${textOf(item)}\n`);
    return 1;
  }
}
