import type { SearchParameter } from 'fhir/r4.js';
import type { Definitions } from './definitions.ts';
import { branchesOf, compileIndex, type ExtractorSettings, type Index } from './index-extraction.ts';
import { IndexSink } from './index-sink.ts';
import type { IndexValues } from './index-values.ts';
import type { Branch } from './path-branches.ts';

/** R4 names these two parts the wrong way round: the code is the relation and the target what is related to. */
const SWAPPED = 'http://hl7.org/fhir/SearchParameter/DocumentReference-relationship';

function compileParts(
  parameter: SearchParameter,
  focusType: string,
  type: string,
  definitions: Definitions,
  settings: ExtractorSettings,
): Index[] | undefined {
  const components = parameter.component ?? [];
  const parts: Index[] = [];
  for (const [place, { definition }] of components.entries()) {
    const expression = components[parameter.url === SWAPPED ? components.length - 1 - place : place]?.expression;
    const part = definitions.find('SearchParameter', definition);
    if (part === undefined || expression === undefined) return undefined;
    const branches = branchesOf(expression, part.type, focusType, type, definitions);
    if (branches === undefined) return undefined;
    parts.push(compileIndex(part, branches, definitions, settings));
  }
  return parts.length === 0 ? undefined : parts;
}

function isEmpty(values: IndexValues): boolean {
  for (const list of Object.values(values)) if ((list as readonly unknown[]).length > 0) return false;
  return true;
}

/**
 * Compiles a composite: for each element it is about, the values of its parts, where every part has one. Quantities in it are only as
 * written: in base units as well, the largest rows of the index would double. Undefined when a part is not defined.
 */
export function compileComposite(
  parameter: SearchParameter,
  branches: readonly Branch[],
  type: string,
  definitions: Definitions,
  settings: ExtractorSettings,
): Index | undefined {
  const steps = branches.map((branch) => ({ branch, parts: compileParts(parameter, branch.type, type, definitions, settings) }));
  if (steps.some(({ parts }) => parts === undefined)) return undefined;
  return (resource, start, sink) => {
    for (const { branch, parts = [] } of steps) {
      branch.each(start, resource, (focus) => {
        const found: IndexValues[] = [];
        // From the last part, which is the value: an element without one is done with soonest
        for (const part of parts.toReversed()) {
          const gathered = new IndexSink('composite');
          part(resource, focus, gathered);
          const values = gathered.values();
          if (isEmpty(values)) return;
          found.unshift(values);
        }
        sink.composite({ parameter: parameter.code, parts: found });
      });
    }
  };
}
