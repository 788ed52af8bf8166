import type { SearchParameter } from 'fhir/r4.js';
import { issue } from '../issue/issue.ts';
import { failure, type Result, success } from '../issue/result.ts';
import { withResources } from './compile-definitions.ts';
import type { Definitions } from './definitions.ts';
import { compileParameter } from './index-extraction.ts';
import { readPathExpression } from './path-expression.ts';

/** Functions that may run for ever on a hostile value, or that need a server to ask. */
const REFUSED = /\b(matches|matchesFull|replaceMatches|resolve|memberOf|subsumes|subsumedBy)\s*\(/;

/**
 * Whether a search parameter that did not come with R4 can be searched by: asked before one is accepted.
 *
 * Fails: search-parameter-unusable (an unknown type; an expression that cannot be read, could run for ever, or finds
 * nothing its kind speaks of)
 */
export function checkSearchParameter(parameter: SearchParameter, definitions: Definitions): Result<SearchParameter> {
  const refuse = (reason: string) => failure(issue('search-parameter-unusable', { parameter: parameter.code, reason }));
  if (parameter.code.startsWith('_')) return refuse('names that begin with an underscore are the standard’s');
  const types = parameter.base.flatMap((base) => (base === 'Resource' || base === 'DomainResource' ? ['Basic'] : [base]));
  const unknown = types.find((type) => !definitions.resourceTypes.has(type));
  if (unknown !== undefined) return refuse(`${unknown} is no resource type`);
  const expression = parameter.expression ?? '';
  const refused = readPathExpression(expression) === undefined ? REFUSED.exec(expression)?.[1] : undefined;
  if (refused !== undefined) return refuse(`${refused}() is not available to search parameters`);
  const known = withResources(definitions, [parameter]);
  const idle = types.find((type) => compileParameter(parameter, type, known, {}) === undefined);
  return idle === undefined
    ? success(parameter)
    : refuse(`its expression finds nothing in ${idle} that a ${parameter.type} parameter can hold`);
}
