import type { Bundle, BundleEntry } from 'fhir/r4.js';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { toOperationOutcome } from '../../issue/operation-outcome.ts';
import type { OfflineTranslation } from '../../intake/translate-offline.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { MESSAGE_TYPES, parseMediaType } from '../http/media-type.ts';
import { type Reply, resourceReply } from '../reply.ts';
import type { Target } from '../route.ts';

/**
 * $convert: an HL7 v2 message, as it is or in a Binary, becomes what it would be stored as, as far as that can be told without the store, and
 * what is to be said of it; nothing is stored. Any other resource comes back in the format asked for.
 *
 * Fails: body-missing, operation-unknown (no messages are translated here), and whatever a message is refused with
 * Source: FHIR R4 Resource-convert
 */
export async function convert(request: FhirRequest, _target: Target, context: Context): Promise<Reply> {
  const { body } = request;
  if (body === undefined || body.kind === 'patch') throw new IssueError(issue('body-missing'));
  const raw = body.kind === 'message' ? body.value : messageIn(body.value);
  if (raw === undefined) return resourceReply(body.value);
  if (context.convert === undefined) throw new IssueError(issue('operation-unknown', { operation: '$convert' }));
  const { translation, issues, code } = context.convert(raw);
  if (translation === undefined || code !== 'AA') throw new IssueError(...issues);
  return resourceReply(toCollection(translation, issues, context));
}

/** The message a Binary holds; undefined for any other resource. */
function messageIn({ resourceType, contentType, data }: Readonly<Record<string, unknown>>): Uint8Array | undefined {
  if (resourceType !== 'Binary' || typeof contentType !== 'string' || typeof data !== 'string') return undefined;
  return MESSAGE_TYPES.has(parseMediaType(contentType).name) ? Buffer.from(data, 'base64') : undefined;
}

/** A collection, since what is said of the translation is an entry beside the resources. */
function toCollection(
  { made }: NonNullable<OfflineTranslation['translation']>,
  issues: OfflineTranslation['issues'],
  context: Context,
): Bundle {
  const entries = made.map(({ fullUrl, resource }): BundleEntry => ({ fullUrl, resource: resource as BundleEntry['resource'] & object }));
  return {
    resourceType: 'Bundle',
    type: 'collection',
    timestamp: context.now().toISOString(),
    entry: [...entries, { fullUrl: `urn:uuid:${context.newId()}`, resource: toOperationOutcome(issues) }],
  };
}
