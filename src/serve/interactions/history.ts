import { issue, type Issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { toOperationOutcome } from '../../issue/operation-outcome.ts';
import { dateSpan, type Span } from '../../fhir/date-span.ts';
import type { HistoryQuery, StoredVersion } from '../../store/store.ts';
import { bundleText, entryText, fullUrlOf } from '../bundle/bundle-text.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { formatQuery, type Parameter, withPlus } from '../http/query-string.ts';
import { etagOf, type Reply } from '../reply.ts';
import type { Target } from '../route.ts';
import { invalid, unknown } from '../search-request/parameter-issues.ts';
import { CURSOR } from '../search-request/search-request.ts';

/** GET {type}/{id}/_history: every version, newest first, deletions among them. */
export async function historyInstance(request: FhirRequest, { type, id }: Target, context: Context): Promise<Reply> {
  if ((await context.store.read(type, id)) === undefined) throw new IssueError(issue('resource-not-found', { reference: `${type}/${id}` }));
  return history({ type, id }, `${type}/${id}/_history`, request, context);
}

/** GET {type}/_history */
export function historyType(request: FhirRequest, { type }: Target, context: Context): Promise<Reply> {
  return history({ type }, `${type}/_history`, request, context);
}

/** GET _history */
export function historySystem(request: FhirRequest, _target: Target, context: Context): Promise<Reply> {
  return history({}, '_history', request, context);
}

async function history(of: Pick<HistoryQuery, 'type' | 'id'>, path: string, request: FhirRequest, context: Context): Promise<Reply> {
  const { query, used, warnings } = parseHistory(of, request, context);
  const page = await context.store.history(query);
  const { baseUrl } = context.settings;
  const outcome = warnings.length === 0 ? [] : [entryText(undefined, JSON.stringify(toOperationOutcome(warnings)), {})];
  const address = (cursor: string | undefined) => {
    const parameters = cursor === undefined ? used : [...used, { name: CURSOR, value: cursor }];
    return `${baseUrl}/${path}${parameters.length === 0 ? '' : `?${formatQuery(parameters)}`}`;
  };
  const json = bundleText({
    id: context.newId(),
    type: 'history',
    lastUpdated: context.now().toISOString(),
    ...(page.total === undefined ? {} : { total: page.total }),
    links: { self: address(query.after), ...(page.next === undefined ? {} : { next: address(page.next) }) },
    entries: [...page.versions.map((version) => historyEntry(version, baseUrl)), ...outcome],
  });
  return { status: 200, headers: {}, json };
}

function historyEntry(version: StoredVersion, baseUrl: string): string {
  const { type, id, method, created } = version;
  return entryText(fullUrlOf(version, baseUrl), version.deleted ? undefined : version.json, {
    request: { method, url: method === 'POST' ? type : `${type}/${id}` },
    response: {
      status: version.deleted ? '204 No Content' : created ? '201 Created' : '200 OK',
      etag: etagOf(version.version),
      lastModified: new Date(version.lastUpdated).toISOString(),
    },
  });
}

function parseHistory(of: Pick<HistoryQuery, 'type' | 'id'>, request: FhirRequest, context: Context) {
  const query: { -readonly [Key in keyof HistoryQuery]: HistoryQuery[Key] } = { ...of, count: context.settings.defaultCount };
  const used: Parameter[] = [];
  const warnings: Issue[] = [];
  for (const { name, value } of request.query) {
    if (name === '_format' || name === '_pretty') continue;
    if (used.some((one) => one.name === name)) throw invalid(name, 'it is given more than once');
    switch (name) {
      case '_count':
        if (!/^[1-9]\d{0,29}$/.test(value)) throw invalid(name, 'it is no whole number above 0');
        query.count = Math.min(Number(value), context.settings.maxCount);
        used.push({ name, value: String(query.count) });
        continue;
      case '_since':
        query.since = time(name, value).low;
        break;
      case '_at':
        query.at = time(name, value);
        break;
      case CURSOR:
        query.after = value;
        continue;
      default: {
        const error = unknown(name, '_history');
        if (request.prefer.handling === 'strict') throw error;
        warnings.push(...error.issues.map((one): Issue => ({ ...one, severity: 'warning' })));
        continue;
      }
    }
    used.push({ name, value });
  }
  return { query, used, warnings };
}

function time(name: string, value: string): Span {
  const span = dateSpan(withPlus(value));
  if (span === undefined) throw invalid(name, 'it is no instant');
  return span;
}
