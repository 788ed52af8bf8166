import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import type { MappingFile } from '../../src/map/compile-mappings.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The mapping files of the project. */
export function mappingFiles(): MappingFile[] {
  return readdirSync(join(ROOT, 'mappings'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => ({ path: `mappings/${name}`, text: readFileSync(join(ROOT, 'mappings', name), 'utf8') }));
}
