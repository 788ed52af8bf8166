import type { ConceptMap, ParametersParameter } from 'fhir/r4.js';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { type Reply, resourceReply } from '../reply.ts';
import type { Target } from '../route.ts';
import { invalid } from '../search-request/parameter-issues.ts';
import { type CodedInput, codedInputs } from './coded-input.ts';
import { simpleInputs } from './parameters.ts';

/** Target codes that are told to be no match. Source: FHIR R4 ConceptMap, concept-map-equivalence */
const NO_MATCH = new Set(['unmatched', 'disjoint']);

/** ConceptMap/$translate: what a loaded concept map makes of a code. */
export async function translate(request: FhirRequest, _target: Target, context: Context): Promise<Reply> {
  const inputs = codedInputs(request);
  const [url] = simpleInputs(request, 'url');
  if (url === undefined || inputs.length === 0) throw invalid(url === undefined ? 'url' : 'code', 'it is missing');
  const map = context.definitions.find('ConceptMap', url);
  if (map === undefined) throw new IssueError(issue('resource-not-found', { reference: 'A concept map with this url' }));
  const matches = inputs.flatMap((input) => matchesOf(map, input));
  const result = matches.some(({ part }) => part?.some(({ valueCode }) => valueCode !== undefined && !NO_MATCH.has(valueCode)) === true);
  return resourceReply({ resourceType: 'Parameters', parameter: [{ name: 'result', valueBoolean: result }, ...matches] });
}

function matchesOf(map: ConceptMap, { system, code }: CodedInput): ParametersParameter[] {
  return (map.group ?? [])
    .filter((group) => system === undefined || group.source === undefined || group.source === system)
    .flatMap((group) =>
      group.element
        .filter((element) => element.code === code)
        .flatMap((element) => element.target ?? [])
        .map((target): ParametersParameter => {
          const valueCoding = {
            ...(group.target === undefined ? {} : { system: group.target }),
            ...(target.code === undefined ? {} : { code: target.code }),
          };
          return {
            name: 'match',
            part: [
              { name: 'equivalence', valueCode: target.equivalence },
              ...(target.code === undefined ? [] : [{ name: 'concept', valueCoding }]),
              ...(map.url === undefined ? [] : [{ name: 'source', valueUri: map.url }]),
            ],
          };
        }),
    );
}
