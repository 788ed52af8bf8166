import { exit, stderr } from 'node:process';
import { readConfig } from '../config.ts';
import { readDefinitions } from '../definitions-file.ts';
import { textOf } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import { type OfflineTranslation, translateOffline } from '../intake/translate-offline.ts';
import { readTranslator } from '../translator.ts';
import { compileValidator } from '../validate/compile-validator.ts';

/** Reads the mapping files as a start of the gateway does. A faulty file, or a wrong setting, ends the command with each fault on a line and exit code 2. */
export function openOffline(): (raw: Uint8Array) => OfflineTranslation {
  try {
    const config = readConfig();
    if (!config.ok) throw new IssueError(...config.issues);
    const definitions = readDefinitions();
    const translator = readTranslator(config.value, definitions);
    const validator = compileValidator(definitions);
    return (raw) => translateOffline(raw, translator, validator);
  } catch (error) {
    if (!(error instanceof IssueError)) throw error;
    for (const item of error.issues) stderr.write(`chartbridge: ${textOf(item)}\n`);
    return exit(2);
  }
}
