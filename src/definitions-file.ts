import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { compileDefinitions } from './fhir/compile-definitions.ts';
import type { Definitions } from './fhir/definitions.ts';
import { issue } from './issue/issue.ts';
import { IssueError } from './issue/issue-error.ts';

const FOLDER = new URL('../generated/', import.meta.url);

/**
 * What R4 defines, read from the files `npm ci` generates (scripts/definitions.ts). Terminology is read when first asked for.
 *
 * Fails: throws IssueError definitions-missing
 */
export function readDefinitions(folder: URL = FOLDER): Definitions {
  const [definitions, terminology] = ['definitions', 'terminology'].map((name) => new URL(`${name}.ndjson.gz`, folder)) as [URL, URL];
  const missing = [definitions, terminology].find((file) => !existsSync(file));
  if (missing !== undefined) throw new IssueError(issue('definitions-missing', { file: missing.pathname }));
  // The files are ASCII, so each character is one byte
  const textOf = (file: URL) => gunzipSync(readFileSync(file)).toString('latin1');
  return compileDefinitions(textOf(definitions), () => textOf(terminology));
}
