import { existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { compileDefinitions } from '../fhir/compile-definitions.ts';
import type { KeptDefinitions, ShelfRow } from '../fhir/definition-shelf.ts';
import type { Definitions } from '../fhir/definitions.ts';
import { issue } from '../issue/issue.ts';
import { IssueError } from '../issue/issue-error.ts';

const FOLDER = new URL('../../generated/', import.meta.url);

/** Where in the file a definition stands. Units: bytes */
interface FileRow extends ShelfRow {
  readonly start: number;
  readonly end: number;
}

/**
 * What R4 defines, in the files `npm ci` generates (scripts/definitions.ts). A start needs a tenth of it: each definition is read when it
 * is first asked for, and the terminology's index too.
 *
 * Fails: throws IssueError definitions-missing
 */
export function readDefinitions(folder: URL = FOLDER): Definitions {
  const files = ['definitions', 'terminology'].map((name) => ({
    index: new URL(`${name}.index.json`, folder),
    lines: new URL(`${name}.ndjson`, folder),
  })) as [GeneratedFile, GeneratedFile];
  const missing = files.flatMap(({ index, lines }) => [index, lines]).find((file) => !existsSync(file));
  if (missing !== undefined) throw new IssueError(issue('definitions-missing', { file: missing.pathname }));
  const [definitions, terminology] = files;
  return compileDefinitions(keptIn(definitions), () => keptIn(terminology));
}

interface GeneratedFile {
  readonly index: URL;
  readonly lines: URL;
}

/** The file stays open: a generated file that takes its place has other places. */
function keptIn({ index, lines }: GeneratedFile): KeptDefinitions {
  const rows = JSON.parse(readFileSync(index, 'utf8')) as FileRow[];
  const file = openSync(lines, 'r');
  return {
    rows,
    textOf(place) {
      const { start, end } = rows[place] as FileRow;
      const bytes = Buffer.allocUnsafe(end - start);
      readSync(file, bytes, 0, bytes.length, start);
      return bytes.toString('utf8');
    },
  };
}
