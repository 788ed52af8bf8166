import type { ValueSetExpansionContains } from 'fhir/r4.js';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Expansion } from '../../fhir/definitions.ts';
import { normaliseString } from '../../fhir/index-values.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { type Reply, resourceReply } from '../reply.ts';
import type { Target } from '../route.ts';
import { invalid, tooCostly } from '../search-request/parameter-issues.ts';
import { simpleInputs } from './parameters.ts';

/** ValueSet/$expand: the codes of a loaded value set, those whose code or display holds `filter`, from `offset` on. */
export async function expand(request: FhirRequest, _target: Target, context: Context): Promise<Reply> {
  const url = simpleInputs(request, 'url')[0] ?? '';
  const { codes } = requireExpansion(url, context);
  if (codes.size === Number.POSITIVE_INFINITY) throw tooCostly('a grammar and no list says which codes the value set has');
  const filter = normaliseString(simpleInputs(request, 'filter')[0] ?? '');
  const [offset, count] = [whole(request, 'offset', 0), whole(request, 'count', context.settings.maxCount)];
  const found: ValueSetExpansionContains[] = [];
  for (const one of codes.list()) {
    if (filter === '' || normaliseString(`${one.code} ${one.display ?? ''}`).includes(filter)) found.push({ ...one });
  }
  const contains = found.slice(offset, offset + Math.min(count, context.settings.maxCount));
  const valueSet = context.definitions.valueSet(url);
  return resourceReply({
    resourceType: 'ValueSet',
    url: valueSet?.url,
    version: valueSet?.version,
    name: valueSet?.name,
    status: valueSet?.status,
    expansion: {
      identifier: `urn:uuid:${context.newId()}`,
      timestamp: context.now().toISOString(),
      total: found.length,
      offset,
      ...(contains.length === 0 ? {} : { contains }),
    },
  });
}

/** A value set that is loaded with all it draws on. Fails: parameter-invalid, resource-not-found */
export function requireExpansion(url: string, context: Context): Expansion {
  if (url === '') throw invalid('url', 'it is missing');
  const expansion = context.definitions.expansion(url);
  if (expansion === undefined) throw new IssueError(issue('resource-not-found', { reference: 'A value set with this url' }));
  if (expansion.missing.length > 0) throw invalid('url', 'the value set draws on code systems that are not loaded');
  return expansion;
}

function whole(request: FhirRequest, name: string, otherwise: number): number {
  const [text] = simpleInputs(request, name);
  if (text === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw invalid(name, 'it is no whole number');
  return Number(text);
}
