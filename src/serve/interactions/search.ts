import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { toOperationOutcome } from '../../issue/operation-outcome.ts';
import type { Filter } from '../../fhir/search-query.ts';
import { bundleText, entryText, fullUrlOf } from '../bundle/bundle-text.ts';
import { compartmentTypes } from '../compartment-types.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { formatQuery, type Parameter } from '../http/query-string.ts';
import { narrowJson } from '../narrowing.ts';
import { pageWarnings } from '../page-warnings.ts';
import type { Reply } from '../reply.ts';
import type { Target } from '../route.ts';
import { CURSOR, parseSearch, type SearchRequest } from '../search-request/search-request.ts';

/** GET {type}?..., POST {type}/_search. */
export function searchType(request: FhirRequest, { type }: Target, context: Context): Promise<Reply> {
  return search([type], type, request, context);
}

/** GET ?..., POST _search: over every type, or those of _type. */
export function searchSystem(request: FhirRequest, _target: Target, context: Context): Promise<Reply> {
  return search([], '', request, context);
}

/** GET Patient/{id}/{type}: what is in the compartment of a resource; * is every type. Fails: route-unknown (no such type is in it) */
export async function searchCompartment(request: FhirRequest, { type, id, inside }: Target, context: Context): Promise<Reply> {
  const possible = compartmentTypes(type, context.definitions);
  if (inside !== '*' && !possible.includes(inside)) throw new IssueError(issue('route-unknown', { method: request.method }));
  const types = inside === '*' ? possible : [inside];
  return search(types, `${type}/${id}/${inside}`, request, context, { op: 'compartment', type, id });
}

async function search(types: readonly string[], path: string, request: FhirRequest, context: Context, within?: Filter): Promise<Reply> {
  const asked = parseSearch(types, request.query, request.prefer.handling === 'strict', { ...context, now: context.now() });
  const query = within === undefined ? asked.query : { ...asked.query, filter: { op: 'and', of: [within, asked.query.filter] } as const };
  const found = await context.store.search(query);
  if (!found.ok) throw new IssueError(...found.issues);
  const { baseUrl } = context.settings;
  const { matches, included, next, total } = found.value;
  const warnings = [...asked.warnings, ...found.issues, ...pageWarnings(found.value)];
  const entries = [
    ...matches.map((version) =>
      entryText(fullUrlOf(version, baseUrl), narrowJson(version, asked.view, context.definitions), { search: { mode: 'match' } }),
    ),
    ...included.map((version) =>
      entryText(fullUrlOf(version, baseUrl), narrowJson(version, asked.view, context.definitions), { search: { mode: 'include' } }),
    ),
    ...(warnings.length === 0 ? [] : [entryText(undefined, JSON.stringify(toOperationOutcome(warnings)), { search: { mode: 'outcome' } })]),
  ];
  const json = bundleText({
    id: context.newId(),
    type: 'searchset',
    lastUpdated: context.now().toISOString(),
    ...(total === undefined ? {} : { total }),
    links: {
      self: link(path, asked, asked.query.after, baseUrl),
      ...(next === undefined ? {} : { next: link(path, asked, next, baseUrl) }),
    },
    entries,
  });
  return { status: 200, headers: {}, json };
}

/** The address of a page: every parameter that was used, and where the page begins. */
function link(path: string, asked: SearchRequest, cursor: string | undefined, baseUrl: string): string {
  const parameters: Parameter[] = cursor === undefined ? [...asked.used] : [...asked.used, { name: CURSOR, value: cursor }];
  const address = path === '' ? baseUrl : `${baseUrl}/${path}`;
  return parameters.length === 0 ? address : `${address}?${formatQuery(parameters)}`;
}
