import type { ParametersParameter } from 'fhir/r4.js';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { type Reply, resourceReply } from '../reply.ts';
import type { Target } from '../route.ts';
import { invalid } from '../search-request/parameter-issues.ts';
import { codedInputs } from './coded-input.ts';
import { requireTree } from './validate-code.ts';

/** CodeSystem/$lookup: what a loaded code system says of a code, its parents and children among it. */
export async function lookup(request: FhirRequest, _target: Target, context: Context): Promise<Reply> {
  const [input] = codedInputs(request);
  if (input?.system === undefined) throw invalid('code', 'a code with its system is needed');
  const tree = requireTree(input.system, context);
  const concept = tree.find(input.code);
  if (concept === undefined) throw new IssueError(issue('resource-not-found', { reference: 'A concept with this code' }));
  const related = (code: string, others: ReadonlySet<string>) =>
    [...others].map(
      (other): ParametersParameter => ({
        name: 'property',
        part: [
          { name: 'code', valueCode: code },
          { name: 'value', valueCode: other },
        ],
      }),
    );
  const codeSystem = context.definitions.codeSystem(input.system);
  const parameter: ParametersParameter[] = [
    { name: 'name', valueString: codeSystem?.name ?? input.system },
    ...(codeSystem?.version === undefined ? [] : [{ name: 'version', valueString: codeSystem.version }]),
    { name: 'display', valueString: concept.display ?? concept.code },
    ...(concept.definition === undefined ? [] : [{ name: 'definition', valueString: concept.definition }]),
    ...related('parent', tree.parentsOf(concept.code)),
    ...related('child', tree.childrenOf(concept.code)),
  ];
  return resourceReply({ resourceType: 'Parameters', parameter });
}
