import type { Subscription } from 'fhir/r4.js';
import { issue, type Issue } from '../issue/issue.ts';
import { failure, type Result, success } from '../issue/result.ts';
import { isAboutOne } from '../fhir/meets-filter.ts';
import type { Filter } from '../fhir/search-query.ts';

/** A subscription that is to be served. */
export interface ActiveSubscription {
  readonly id: string;
  readonly type: string;
  readonly filter: Filter;
  readonly endpoint: string;
  /** The resource itself is sent, not only word of it. */
  readonly withPayload: boolean;
  /** Shape: ['Authorization: Bearer x'] */
  readonly headers: readonly string[];
  /** Nothing is sent after it. UTC ms */
  readonly end: number;
}

/** What judging a subscription needs of others. */
export interface SubscriptionRules {
  /** A search as text, as a type and a filter. Fails: throws IssueError as a search does */
  readonly parseCriteria: (criteria: string) => { readonly type: string; readonly filter: Filter };
  /** Why nothing may be sent to an address; undefined when it may. */
  readonly refuses: (endpoint: string) => string | undefined;
}

const JSON_TYPES = new Set(['application/fhir+json', 'application/json']);

/**
 * A subscription as it is to be served.
 *
 * Fails: subscription-refused (another channel than rest-hook, another payload than FHIR JSON, an endpoint that is not allowed, criteria
 * that one resource alone cannot answer); what is wrong with the criteria, thrown
 */
export function parseSubscription(resource: Subscription, rules: SubscriptionRules): Result<ActiveSubscription> {
  const { channel } = resource;
  const refused = (expression: string, reason: string): Issue =>
    issue('subscription-refused', { expression: `Subscription.${expression}`, reason });
  if (channel.type !== 'rest-hook') return failure(refused('channel.type', 'only rest-hook is served'));
  if (channel.payload !== undefined && !JSON_TYPES.has(channel.payload))
    return failure(refused('channel.payload', 'a payload is application/fhir+json'));
  const { endpoint = '' } = channel;
  const reason = rules.refuses(endpoint);
  if (reason !== undefined) return failure(refused('channel.endpoint', reason));
  if ((channel.header ?? []).some((header) => !/^[A-Za-z0-9-]{1,64}: [\x20-\x7e]{1,4096}$/.test(header)))
    return failure(refused('channel.header', 'a header is Name: value'));
  const { type, filter } = rules.parseCriteria(resource.criteria);
  if (!isAboutOne(filter)) return failure(refused('criteria', 'chains, _has and lists cannot be judged by one resource'));
  return success({
    id: resource.id ?? '',
    type,
    filter,
    endpoint: endpoint.replace(/\/$/, ''),
    withPayload: channel.payload !== undefined,
    headers: channel.header ?? [],
    end: resource.end === undefined ? Number.POSITIVE_INFINITY : Date.parse(resource.end),
  });
}
