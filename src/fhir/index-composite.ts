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
  const walks = branches.map((branch) => {
    // From the last part, which is the value: an element without one is done with soonest
    const parts = compileParts(parameter, branch.type, type, definitions, settings)?.toReversed();
    return (
      parts &&
      branch.walk<IndexSink>((focus, _owner, _name, resource, sink) => {
        const found: IndexValues[] = [];
        for (const part of parts) {
          const gathered = new IndexSink('composite', resource);
          part(focus, gathered);
          if (gathered.isEmpty) return;
          found.unshift(gathered.values());
        }
        sink.composite({ parameter: parameter.code, parts: found });
      })
    );
  });
  if (!walks.every((walk) => walk !== undefined)) return undefined;
  return (start, sink) => {
    for (const walk of walks) walk(start, sink.resource, sink);
  };
}
