import { compileMappings, type Mappings } from '../../src/map/compile-mappings.ts';
import { textOf } from '../../src/issue/issue.ts';
import { definitions } from '../definitions.ts';
import { mappingFiles } from './mapping-files.ts';

const result = compileMappings(mappingFiles(), definitions);

/** What is wrong with the mapping files of the project. */
export const faults: readonly string[] = result.issues.map(textOf);

/** The maps of the project; a faulty file fails every test that needs them. */
export function mappings(): Mappings {
  if (!result.ok) throw new Error(faults.join('\n'));
  return result.value;
}
