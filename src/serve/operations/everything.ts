import type { Issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { toOperationOutcome } from '../../issue/operation-outcome.ts';
import { dateSpan } from '../../fhir/date-span.ts';
import type { Filter, SearchQuery } from '../../fhir/search-query.ts';
import { bundleText, entryText, fullUrlOf } from '../bundle/bundle-text.ts';
import { compartmentTypes } from '../compartment-types.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { formatQuery, type Parameter, withPlus } from '../http/query-string.ts';
import { requirePresent } from '../interactions/read.ts';
import { notTaken } from '../known-parameters.ts';
import { pageWarnings } from '../page-warnings.ts';
import type { Reply } from '../reply.ts';
import type { Target } from '../route.ts';
import { invalid } from '../search-request/parameter-issues.ts';
import { CURSOR } from '../search-request/search-request.ts';
import { simpleInputs } from './parameters.ts';

/** The parameters by which R4's types say when care was given; a type without any of them is not left out by start and end. */
const CLINICAL_DATES = [
  'date',
  'onset-date',
  'authoredon',
  'authored',
  'effective-time',
  'whenhandedover',
  'created',
  'period',
  'start',
  'issued',
];

/** The inputs of $everything. */
export const EVERYTHING_INPUTS: readonly string[] = ['start', 'end', '_since', '_type', '_count', CURSOR];

/** What is kept about one patient or one encounter, page by page: the resource, its compartment, and what those refer to. */
export async function everything(request: FhirRequest, { type, id }: Target, context: Context): Promise<Reply> {
  const focus = requirePresent(await context.store.read(type, id), `${type}/${id}`);
  const asked = inputs(request, type, context);
  const found = await context.store.search({
    types: asked.types,
    filter: { op: 'and', of: [{ op: 'compartment', type, id }, ...asked.filters] },
    sort: [],
    count: asked.count,
    includes: asked.types.map((source) => ({ direction: 'forward', source, iterate: false })),
    total: 'none',
    ...(asked.cursor === undefined ? {} : { after: asked.cursor }),
  } satisfies SearchQuery);
  if (!found.ok) throw new IssueError(...found.issues);
  const { baseUrl } = context.settings;
  const { matches, included, next } = found.value;
  const first = asked.cursor === undefined && (asked.typesAsked.length === 0 || asked.typesAsked.includes(type)) ? [focus] : [];
  const others = matches.filter((version) => version.type !== type || version.id !== id);
  // other patients are nobody's business here, though a resource may refer to them
  const referred = included.filter(
    (version) => version.type !== 'Patient' && (asked.typesAsked.length === 0 || asked.typesAsked.includes(version.type)),
  );
  const warnings = [...asked.warnings, ...found.issues, ...pageWarnings(found.value)];
  const outcome =
    warnings.length === 0 ? [] : [entryText(undefined, JSON.stringify(toOperationOutcome(warnings)), { search: { mode: 'outcome' } })];
  const address = (cursor: string | undefined) => {
    const parameters = cursor === undefined ? asked.used : [...asked.used, { name: CURSOR, value: cursor }];
    return `${baseUrl}/${type}/${id}/$everything${parameters.length === 0 ? '' : `?${formatQuery(parameters)}`}`;
  };
  const json = bundleText({
    id: context.newId(),
    type: 'searchset',
    lastUpdated: context.now().toISOString(),
    links: { self: address(asked.cursor), ...(next === undefined ? {} : { next: address(next) }) },
    entries: [
      ...[...first, ...others].map((version) => entryText(fullUrlOf(version, baseUrl), version.json, { search: { mode: 'match' } })),
      ...referred.map((version) => entryText(fullUrlOf(version, baseUrl), version.json, { search: { mode: 'include' } })),
      ...outcome,
    ],
  });
  return { status: 200, headers: {}, json };
}

function inputs(request: FhirRequest, compartment: string, context: Context) {
  const used: Parameter[] = [];
  const one = (name: string) => {
    const [value] = simpleInputs(request, name);
    if (value !== undefined && value !== '') used.push({ name, value });
    return value === '' ? undefined : value;
  };
  const possible = compartmentTypes(compartment, context.definitions);
  const typesAsked = one('_type')?.split(',') ?? [];
  const stranger = typesAsked.find((type) => !context.definitions.resourceTypes.has(type));
  if (stranger !== undefined) throw invalid('_type', 'it names a type that is none of FHIR R4');
  const count = one('_count');
  if (count !== undefined && !/^[1-9]\d{0,29}$/.test(count)) throw invalid('_count', 'it is no whole number above 0');
  const filters: Filter[] = [];
  const since = time('_since', one('_since'));
  if (since !== undefined) filters.push({ op: 'lastUpdated', from: since.low });
  const start = time('start', one('start'));
  const end = time('end', one('end'));
  if (start !== undefined) filters.push(...CLINICAL_DATES.map((parameter) => dated(parameter, 'ge', start)));
  if (end !== undefined) filters.push(...CLINICAL_DATES.map((parameter) => dated(parameter, 'le', end)));
  const [cursor] = simpleInputs(request, CURSOR);
  return {
    used,
    warnings: notTaken(request, EVERYTHING_INPUTS).map((one): Issue => ({ ...one, severity: 'warning' })),
    typesAsked,
    types: typesAsked.length === 0 ? possible : possible.filter((type) => typesAsked.includes(type)),
    count: Math.min(Number(count ?? context.settings.defaultCount), context.settings.maxCount),
    filters,
    cursor,
  };
}

/** Within the bound, or without such a date at all. */
function dated(parameter: string, prefix: 'ge' | 'le', { low, high }: { low: number; high: number }): Filter {
  return {
    op: 'or',
    of: [
      { op: 'missing', parameter, missing: true },
      { op: 'date', parameter, prefix, low, high },
    ],
  };
}

function time(name: string, value: string | undefined) {
  if (value === undefined) return undefined;
  const span = dateSpan(withPlus(value));
  if (span === undefined) throw invalid(name, 'it is no date');
  return span;
}
