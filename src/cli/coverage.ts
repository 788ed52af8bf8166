import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exit, stderr, stdout } from 'node:process';
import { readConfig } from '../config.ts';
import { readDefinitions } from '../start/definitions-file.ts';
import { textOf } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';
import type { Mappings } from '../map/compile-mappings.ts';
import { readMappings } from '../start/translator.ts';
import { examine } from './guide/examine.ts';
import { readGuide } from './guide/read-guide.ts';
import { reportOf } from './guide/report.ts';

/** Where the tables of the guide stand when `--guide` names no folder. */
export const GUIDE_FOLDER = join(import.meta.dirname, '..', '..', '..', 'shared', 'reference', 'v2-to-fhir');

const HELP = `chartbridge coverage [--guide DIR] [--all] [TABLE...]
Compares the maps with the tables of the v2-to-FHIR guide, row by row. A row is carried when a message made for it shows its value at the guide's
path; deviated when mappings/guide.yaml says how it is carried instead; left out when a reason is given. TABLE (PV1[Encounter]) lists the rows of
one table, --all those of every table, that are not carried.
`;

/** `chartbridge coverage`: how much of the guide is carried. 0; 1 when a row has no explanation or a ruling is about nothing; 2 when the guide is not there. */
export async function coverage(words: string[]): Promise<number> {
  const folder = words.includes('--guide') ? words[words.indexOf('--guide') + 1] : GUIDE_FOLDER;
  const names = words.filter((word, index) => !word.startsWith('--') && words[index - 1] !== '--guide');
  const unknown = words.filter((word) => word.startsWith('--') && word !== '--all' && word !== '--guide');
  if (folder === undefined || unknown.length > 0) {
    stderr.write(HELP);
    return 2;
  }
  if (!existsSync(join(folder, 'segments'))) {
    stderr.write(`chartbridge coverage: no tables of the guide in ${folder}; --guide DIR names their folder\n`);
    return 2;
  }
  const examination = examine(readGuide(folder), ownMappings());
  stdout.write(reportOf(examination, { all: words.includes('--all'), names }));
  const faulty = examination.stale.length > 0 || examination.tables.some(({ lines }) => lines.some(({ state }) => state === 'unexplained'));
  return faulty ? 1 : 0;
}

function ownMappings(): Mappings {
  const config = readConfig();
  try {
    if (!config.ok) throw new IssueError(...config.issues);
    return readMappings(config.value, readDefinitions());
  } catch (error) {
    if (!(error instanceof IssueError)) throw error;
    for (const item of error.issues) stderr.write(`chartbridge: ${textOf(item)}\n`);
    return exit(2);
  }
}
