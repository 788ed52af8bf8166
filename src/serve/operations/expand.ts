import type { ValueSet, ValueSetExpansionContains } from 'fhir/r4.js';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { normaliseString } from '../../fhir/index-values.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { type Reply, resourceReply } from '../reply.ts';
import type { Target } from '../route.ts';
import { invalid, tooCostly } from '../search-request/parameter-issues.ts';
import { requirePresent } from '../interactions/read.ts';
import { resourceOf } from '../write/stored-resource.ts';
import { simpleInputs } from './parameters.ts';
import { expansionOf, type KnownValueSet, valueSetAt } from './stored-terminology.ts';

/** ValueSet/$expand: the codes of a loaded or stored value set, those whose code or display holds `filter`, from `offset` on. */
export async function expand(request: FhirRequest, _target: Target, context: Context): Promise<Reply> {
  return expanded(await requireExpansion(simpleInputs(request, 'url')[0] ?? '', context), request, context);
}

/** ValueSet/{id}/$expand: the codes of a stored value set. */
export async function expandInstance(request: FhirRequest, { type, id }: Target, context: Context): Promise<Reply> {
  const present = requirePresent(await context.store.read(type, id), `${type}/${id}`);
  const valueSet = resourceOf(present) as unknown as ValueSet;
  const expansion = await expansionOf(valueSet, valueSet.url ?? `urn:uuid:${id}`, context);
  return expanded(whole({ valueSet, expansion }), request, context);
}

function expanded({ valueSet, expansion: { codes } }: KnownValueSet, request: FhirRequest, context: Context): Reply {
  if (codes.size === Number.POSITIVE_INFINITY) throw tooCostly('a grammar and no list says which codes the value set has');
  const filter = normaliseString(simpleInputs(request, 'filter')[0] ?? '');
  const [offset, count] = [number(request, 'offset', 0), number(request, 'count', context.settings.maxCount)];
  const found: ValueSetExpansionContains[] = [];
  for (const one of codes.list()) {
    if (filter === '' || normaliseString(`${one.code} ${one.display ?? ''}`).includes(filter)) found.push({ ...one });
  }
  const contains = found.slice(offset, offset + Math.min(count, context.settings.maxCount));
  return resourceReply({
    resourceType: 'ValueSet',
    url: valueSet.url,
    version: valueSet.version,
    name: valueSet.name,
    status: valueSet.status,
    expansion: {
      identifier: `urn:uuid:${context.newId()}`,
      timestamp: context.now().toISOString(),
      total: found.length,
      offset,
      ...(contains.length === 0 ? {} : { contains }),
    },
  });
}

/** A value set that is loaded or stored, with all it draws on. Fails: parameter-invalid, resource-not-found */
export async function requireExpansion(url: string, context: Context): Promise<KnownValueSet> {
  if (url === '') throw invalid('url', 'it is missing');
  const found = await valueSetAt(url, context);
  if (found === undefined) throw new IssueError(issue('resource-not-found', { reference: 'A value set with this url' }));
  return whole(found);
}

function whole(found: KnownValueSet): KnownValueSet {
  if (found.expansion.missing.length > 0) throw invalid('url', 'the value set draws on code systems that are neither loaded nor stored');
  return found;
}

function number(request: FhirRequest, name: string, otherwise: number): number {
  const [text] = simpleInputs(request, name);
  if (text === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw invalid(name, 'it is no whole number');
  return Number(text);
}
