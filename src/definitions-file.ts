import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { compileDefinitions } from './fhir/compile-definitions.ts';
import type { Definitions } from './fhir/definitions.ts';

const FOLDER = new URL('../generated/', import.meta.url);

/** The files are ASCII, so each character is one byte. */
function textOf(name: string): string {
  return gunzipSync(readFileSync(new URL(`${name}.ndjson.gz`, FOLDER))).toString('latin1');
}

/**
 * What R4 defines, read from the files `npm ci` generates (scripts/definitions.ts). Terminology is read when first asked for.
 * Throws what the file system says when the files are not there.
 */
export function readDefinitions(): Definitions {
  return compileDefinitions(textOf('definitions'), () => textOf('terminology'));
}
