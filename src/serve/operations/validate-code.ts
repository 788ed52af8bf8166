import type { ParametersParameter } from 'fhir/r4.js';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { conceptTree } from '../../fhir/concept-tree.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { type Reply, resourceReply } from '../reply.ts';
import type { Target } from '../route.ts';
import { invalid } from '../search-request/parameter-issues.ts';
import { codedInputs } from './coded-input.ts';
import { requireExpansion } from './expand.ts';
import { simpleInputs } from './parameters.ts';

/** ValueSet/$validate-code: whether one of the codes given is in a loaded value set, and under which display. */
export async function validateCodeInValueSet(request: FhirRequest, _target: Target, context: Context): Promise<Reply> {
  const {
    expansion: { codes },
  } = await requireExpansion(simpleInputs(request, 'url')[0] ?? '', context);
  const inputs = codedInputs(request);
  if (inputs.length === 0) throw invalid('code', 'a code, a coding or a codeableConcept is needed');
  const found = inputs.find(({ system, code }) => codes.has(system, code));
  if (found === undefined) return verdict(false, 'The code is not in the value set');
  return judged(codes.display(found.system, found.code), found.display);
}

/** CodeSystem/$validate-code: whether a loaded code system has the code. */
export async function validateCodeInSystem(request: FhirRequest, _target: Target, context: Context): Promise<Reply> {
  const [input] = codedInputs(request);
  const url = simpleInputs(request, 'url')[0] ?? input?.system ?? '';
  if (input === undefined || url === '') throw invalid('code', 'a code and the url of its system are needed');
  const concept = requireTree(url, context).find(input.code);
  return concept === undefined ? verdict(false, 'The code system has no such code') : judged(concept.display, input.display);
}

/** A loaded code system as a tree. Fails: resource-not-found */
export function requireTree(system: string, context: Context) {
  const codeSystem = context.definitions.codeSystem(system);
  if (codeSystem === undefined) throw new IssueError(issue('resource-not-found', { reference: 'A code system with this url' }));
  return conceptTree(codeSystem);
}

/** A display that is given and is another is wrong, as R4 says. */
function judged(known: string | undefined, given: string | undefined): Reply {
  if (given !== undefined && known !== undefined && given !== known)
    return verdict(false, 'The code is known under another display', known);
  return verdict(true, undefined, known);
}

function verdict(result: boolean, message?: string, display?: string): Reply {
  const parameter: ParametersParameter[] = [
    { name: 'result', valueBoolean: result },
    ...(message === undefined ? [] : [{ name: 'message', valueString: message }]),
    ...(display === undefined ? [] : [{ name: 'display', valueString: display }]),
  ];
  return resourceReply({ resourceType: 'Parameters', parameter });
}
