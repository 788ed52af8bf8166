import { type Span, dateSpan } from '../../fhir/date-span.ts';
import { isId } from '../../fhir/primitives.ts';
import { isAboutOne } from '../../fhir/meets-filter.ts';
import type { Associated } from '../../jobs/associated-data.ts';
import type { ExportRequest } from '../../jobs/export-request.ts';
import { issue, type Issue } from '../../issue/issue.ts';
import { compartmentTypes } from '../compartment-types.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { formatQuery, type Parameter, parseQuery, withPlus } from '../http/query-string.ts';
import { parseCriteria } from '../search-request/criteria.ts';
import { invalid } from '../search-request/parameter-issues.ts';
import { parametersIn, valueIn } from './parameters.ts';

/** The parameters of an export, and what they do. */
export const EXPORT_PARAMETERS: Readonly<Record<string, string>> = {
  _outputFormat: '`application/fhir+ndjson`, `application/ndjson`, `ndjson`',
  _since: 'what was written at or after a time, and what is gone since; a `transactionTime` is exact to the commit',
  _until: 'what was written before a time',
  _type: 'types, by commas; those outside the compartment of a patient are refused where patients are exported',
  _typeFilter:
    'searches of a type, any of which is met. Judged of what stood at the `transactionTime`, which no index knows any more, so by each resource alone: a chain, `_has` and `_list` are refused',
  _elements: 'elements at the top of every type, or of one (`Patient.birthDate`); what is shortened is tagged SUBSETTED',
  patient: 'references to patients, by query or in Parameters: nobody else is given; not where everything is exported',
  includeAssociatedData:
    '`LatestProvenanceResources`: with each resource the Provenance made last, and no other; `RelevantProvenanceResources`: every Provenance about it',
};

const KNOWN = new Set([...Object.keys(EXPORT_PARAMETERS), '_format', '_pretty']);
const ASSOCIATED = new Map<string, Associated['which']>([
  ['LatestProvenanceResources', 'latest'],
  ['RelevantProvenanceResources', 'relevant'],
]);
const FORMATS = new Set(['application/fhir+ndjson', 'application/ndjson', 'ndjson']);

/**
 * What a kick-off asks for. With Prefer: handling=lenient, parameters nobody knows and types outside the patients' compartment are left out and
 * told in the manifest; a filter is never left out, since it would give more than was asked for.
 *
 * Fails:  parameter-invalid, search-parameter-unknown, search-modifier-unsupported, resource-type-unknown
 * Source: Bulk Data Access 3.0.0, Export: query parameters
 */
export function exportRequest(request: FhirRequest, level: ExportRequest['level'], group: string, context: Context): ExportRequest {
  const given = [...request.query, ...fromBody(request)];
  const values = (name: string) => given.filter((one) => one.name === name && one.value !== '').map(({ value }) => value);
  const lists = (name: string) => values(name).flatMap((value) => value.split(',').map((part) => part.trim()));
  const warnings: Issue[] = [];
  const leaveOut = (one: Issue) => {
    if (request.prefer.handling !== 'lenient') throw invalid(one.parameters['parameter'] ?? '', one.parameters['reason'] ?? '');
    warnings.push({ ...one, severity: 'warning' });
  };
  for (const name of new Set(given.map((one) => one.name)))
    if (!KNOWN.has(name)) leaveOut(issue('parameter-invalid', { parameter: shown(name), reason: 'it is no parameter of this export' }));
  for (const format of values('_outputFormat'))
    if (!FORMATS.has(format.replace(' ', '+'))) throw invalid('_outputFormat', 'it takes application/fhir+ndjson');

  const possible = level === 'system' ? [...context.definitions.resourceTypes] : compartmentTypes('Patient', context.definitions);
  const asked = lists('_type');
  for (const type of asked) {
    if (!context.definitions.resourceTypes.has(type)) throw invalid('_type', 'it names a type that is none of FHIR R4');
    if (!possible.includes(type))
      leaveOut(issue('parameter-invalid', { parameter: '_type', reason: `${type} is in no compartment of a patient` }));
  }
  const chosen = asked.length === 0 ? possible : possible.filter((type) => asked.includes(type));
  const which = lists('includeAssociatedData').flatMap((value) => {
    if (!ASSOCIATED.has(value))
      leaveOut(issue('parameter-invalid', { parameter: 'includeAssociatedData', reason: 'it names data that is not known' }));
    return ASSOCIATED.get(value) ?? [];
  });
  const associated = which.length === 0 ? undefined : associatedOf(which, chosen);
  const types = associated === undefined || chosen.includes('Provenance') ? chosen : [...chosen, 'Provenance'];
  const patients = level === 'system' && values('patient').length > 0 ? undefined : lists('patient').map(patientId);
  if (patients === undefined) throw invalid('patient', 'it restricts the export of patients or of a group');
  const since = time('_since', values('_since'))?.low;
  const until = time('_until', values('_until'))?.low;
  return {
    level,
    ...(level === 'group' ? { group } : {}),
    url: addressOf(request, context),
    types,
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    filters: values('_typeFilter').flatMap((value) => filtersIn(value, types, context)),
    elements: lists('_elements').map(element),
    ...(patients.length === 0 ? {} : { patients }),
    ...(associated === undefined ? {} : { associated }),
    warnings,
  };
}

/** The parameters of a Parameters body as those of a query. */
function fromBody(request: FhirRequest): Parameter[] {
  const given = request.body?.kind === 'resource' ? parametersIn(request.body.value) : [];
  if (given === undefined) throw invalid('body', 'it is no Parameters');
  return given.map((parameter) => {
    const value = valueIn(parameter);
    const reference = typeof value === 'object' && value !== null ? (value as { reference?: unknown }).reference : value;
    return { name: String(parameter.name), value: typeof reference === 'string' ? reference : JSON.stringify(reference ?? '') };
  });
}

/** Several in one value are separated by commas, which also stand between the values of a search: a query begins with a type. */
function filtersIn(value: string, types: readonly string[], context: Context): ExportRequest['filters'] {
  return value.split(/,(?=[A-Z][A-Za-z]{1,63}\?)/).map((query) => {
    const [, type = '', criteria = ''] = /^([A-Z][A-Za-z]{1,63})\?(.+)$/s.exec(query) ?? [];
    if (!types.includes(type)) throw invalid('_typeFilter', 'it is a search of a type that is exported, such as Observation?status=final');
    const { filter } = parseCriteria(type, parseQuery(criteria), { ...context, now: context.now() });
    if (!isAboutOne(filter)) throw invalid('_typeFilter', 'it takes no chain, no _has and no _list');
    return { type, filter };
  });
}

/** Every Provenance is more than the latest. */
function associatedOf(which: readonly Associated['which'][], types: readonly string[]): Associated {
  return which.includes('relevant') ? { which: 'relevant', alone: !types.includes('Provenance') } : { which: 'latest', alone: true };
}

/** Shape: birthDate, Patient.birthDate */
function element(text: string): ExportRequest['elements'][number] {
  const [, type, name] = /^(?:([A-Z][A-Za-z]{1,63})\.)?([a-z]\w{0,63})$/.exec(text) ?? [];
  if (name === undefined) throw invalid('_elements', 'it takes names of elements at the top of a resource');
  return type === undefined ? { element: name } : { type, element: name };
}

function patientId(reference: string): string {
  const id = /^(?:Patient\/)?([^/]+)$/.exec(reference)?.[1];
  if (id === undefined || !isId(id)) throw invalid('patient', 'it takes references to patients');
  return id;
}

function time(name: string, values: readonly string[]): Span | undefined {
  const [value, second] = values;
  if (value === undefined) return undefined;
  const span = second === undefined ? dateSpan(withPlus(value)) : undefined;
  if (span === undefined) throw invalid(name, 'it takes one instant');
  return span;
}

function addressOf({ path, query }: FhirRequest, context: Context): string {
  return `${context.settings.baseUrl}/${path.join('/')}${query.length === 0 ? '' : `?${formatQuery(query)}`}`;
}

function shown(name: string): string {
  return /^[\w:.*-]{1,100}$/.test(name) ? name : '(a name with other characters)';
}
