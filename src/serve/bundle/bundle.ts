import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import type { Reply } from '../reply.ts';
import type { Target } from '../route.ts';
import { bodyResource } from '../write/body-resource.ts';
import { settle } from '../write/decision.ts';
import { batch } from './batch.ts';
import { bundleText } from './bundle-text.ts';
import { readEntry, within } from './entry.ts';
import { replyEntry } from './entry-reply.ts';
import { decideTransaction } from './transaction.ts';

/**
 * POST to the base: a transaction, all of it or nothing, or a batch, each entry for itself.
 *
 * Fails: bundle-invalid, bundle-too-long
 */
export async function bundle(request: FhirRequest, _target: Target, context: Context): Promise<Reply> {
  const { resourceType, type, entry: entries = [] } = bodyResource(request);
  if (resourceType !== 'Bundle') throw invalid('Bundle', 'only a Bundle is posted to the base');
  if (type !== 'transaction' && type !== 'batch') throw invalid('Bundle.type', 'its type is neither transaction nor batch');
  if (!Array.isArray(entries)) throw invalid('Bundle.entry', 'entry is no array');
  if (entries.length > context.settings.maxEntries) {
    throw new IssueError(issue('bundle-too-long', { limit: context.settings.maxEntries, expression: 'Bundle.entry' }));
  }
  if (type === 'batch') return answer('batch-response', await batch(entries, request, context), context);
  const read: Awaited<ReturnType<typeof readEntry>>[] = [];
  for (const [index, entry] of (entries as unknown[]).entries()) {
    const place = `Bundle.entry[${index}]`;
    read.push(await within(place, () => readEntry(entry, place, request, context)));
  }
  return settle(() => decideTransaction(read, (replies) => answer('transaction-response', replies, context), context), context);
}

function answer(type: 'batch-response' | 'transaction-response', replies: readonly Reply[], context: Context): Reply {
  const { baseUrl } = context.settings;
  return {
    status: 200,
    headers: {},
    json: bundleText({
      id: context.newId(),
      type,
      lastUpdated: context.now().toISOString(),
      links: {},
      entries: replies.map((reply) => replyEntry(reply, baseUrl)),
    }),
  };
}

function invalid(expression: string, reason: string): IssueError {
  return new IssueError(issue('bundle-invalid', { reason, expression }));
}
