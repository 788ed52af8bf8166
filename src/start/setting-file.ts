import { readFileSync } from 'node:fs';
import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';

/** The file a setting names. Fails: throws IssueError setting-invalid */
export function readSettingFile(setting: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const reason = `it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
    throw new IssueError(issue('setting-invalid', { setting, reason }));
  }
}
