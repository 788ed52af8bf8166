import { issue, type Issue } from '../issue/issue.ts';
import { failure, type Result, success } from '../issue/result.ts';
import type { MessageQuery, MessageStatus } from '../store/journal.ts';

const STATUSES: ReadonlySet<string> = new Set<MessageStatus>(['received', 'queued', 'processed', 'filtered', 'error', 'rejected']);
const TEXTS = { 'control-id': 'controlId', sender: 'sender', mrn: 'mrn', visit: 'visit', order: 'order', name: 'name' } as const;

/** The most messages of one page, or of one action. */
export const MOST_ROWS = 500;

type Query = { -readonly [K in keyof MessageQuery]: MessageQuery[K] };

/**
 * A search for messages, as an address asks for it.
 *
 * Shape: status=error&mrn=1001&from=2026-01-02&_count=20
 * Fails: parameter-invalid, once for each parameter
 */
export function parseQuery(parameters: URLSearchParams): Result<MessageQuery> {
  const query: Query = { count: 50 };
  const issues: Issue[] = [];
  for (const [parameter, value] of parameters) {
    const refused = readParameter(query, parameter, value);
    if (refused !== undefined) issues.push(issue('parameter-invalid', { parameter: parameter.slice(0, 64), reason: refused }));
  }
  return issues.length > 0 ? failure(...issues) : success(query);
}

function readParameter(query: Query, parameter: string, value: string): string | undefined {
  if (Object.hasOwn(TEXTS, parameter)) {
    query[TEXTS[parameter as keyof typeof TEXTS]] = value;
    return undefined;
  }
  switch (parameter) {
    case 'status':
      if (!STATUSES.has(value)) return `it must be one of ${[...STATUSES].join(', ')}`;
      query.status = value as MessageStatus;
      return undefined;
    case 'from':
    case 'to': {
      const time = /^\d{4}-\d{2}-\d{2}/.test(value) ? Date.parse(value) : Number.NaN;
      if (Number.isNaN(time)) return 'it must be a date, or a date and time with an offset, such as 2026-01-02T09:30:00Z';
      query[parameter] = time;
      return undefined;
    }
    case '_count':
    case 'before':
      if (!/^\d{1,15}$/.test(value)) return 'it must be a whole number';
      if (parameter === 'before') query.before = Number(value);
      else query.count = Math.min(Math.max(Number(value), 1), MOST_ROWS);
      return undefined;
    default:
      return 'it is not known here; known are status, control-id, sender, mrn, visit, order, name, from, to, _count';
  }
}
