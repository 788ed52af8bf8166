import { IssueError } from '../../issue/issue-error.ts';
import type { Claim, Guard, Write } from '../../store/store.ts';
import { enter } from '../access/enter.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { failureReply, issuesOf } from '../http/failure-reply.ts';
import { decideCreate, foundInstead } from '../interactions/create.ts';
import { decideDelete } from '../interactions/delete.ts';
import { decidePatch } from '../interactions/patch.ts';
import { decideUpdate } from '../interactions/update.ts';
import type { Reply } from '../reply.ts';
import type { Committed, Decision } from '../write/decision.ts';
import { writtenReply } from '../write/written-reply.ts';
import { type Entry, within } from './entry.ts';
import { type Identity, settleIdentities } from './identities.ts';
import { resolveReferences } from './references.ts';
import { rewriteReferences } from './rewrite-references.ts';

const ORDER = ['delete', 'create', 'update', 'patch'];

/**
 * Decides a whole transaction: identities first, then references, then each entry in the order DELETE, POST, PUT, PATCH; what reads comes
 * after the commit. One change, so one database transaction.
 *
 * Fails: whatever an entry fails with, at its place; nothing is written then
 * Source: FHIR R4 http, 3.1.0.11.2
 */
export async function decideTransaction(
  entries: readonly Entry[],
  answer: (replies: readonly Reply[]) => Reply,
  context: Context,
): Promise<Decision> {
  for (const { place, match, request } of entries) await within(place, () => enter(match, request, context));
  const identities = await settleIdentities(entries, context);
  const references = await resolveReferences(identities, context);
  const ordered = identities.toSorted((one, other) => rank(one) - rank(other));
  const decisions = new Map<Entry, Decision>();
  for (const identity of ordered) {
    const { entry } = identity;
    decisions.set(entry, await within(entry.place, () => decide(rewritten(identity, references.rewrite), context)));
  }
  const reads = entries.filter((entry) => !decisions.has(entry));
  const writes = [...decisions.values()].flatMap((decision) => decision.writes);
  await probe(reads, writes, context);
  return {
    writes,
    claims: once([...decisions.values()].flatMap((decision) => decision.claims)),
    guards: onceGuards([...references.guards, ...[...decisions.values()].flatMap((decision) => decision.guards)]),
    answer: async (committed) => {
      const replies: Reply[] = [];
      for (const entry of entries) {
        const decision = decisions.get(entry);
        replies.push(decision === undefined ? await readNow(entry, context) : await decision.answer(committed));
      }
      return answer(replies);
    },
  };
}

function rank({ entry }: Identity): number {
  return ORDER.indexOf(entry.match.route.name);
}

function rewritten(identity: Identity, rewrite: (reference: string) => string | undefined): Identity {
  const { entry } = identity;
  const { body } = entry.request;
  if (body?.kind !== 'resource' || identity.found) return identity;
  const value = rewriteReferences(identity.body ?? body.value, rewrite);
  return { ...identity, entry: { ...entry, request: { ...entry.request, body: { kind: 'resource', value } } } };
}

async function decide({ entry, type, ids, guards, found }: Identity, outer: Context): Promise<Decision> {
  const { match } = entry;
  const { request, context } = enter(match, entry.request, outer);
  const [id = ''] = ids;
  const resource = bodyOf(request);
  switch (match.route.name) {
    case 'create':
      return found ? foundOrMade(request, type, id, guards, context) : decideCreate(request, type, id, resource, guards, context);
    case 'update':
      return decideUpdate(request, type, id, resource, guards, context);
    case 'patch':
      return decidePatch(request, type, id, guards, context);
    default:
      return decideDelete(request, type, ids, guards, context);
  }
}

function bodyOf({ body }: FhirRequest): Record<string, unknown> {
  return body?.kind === 'resource' ? body.value : {};
}

/** A conditional create that matched: in the store, or an entry of the same bundle, whose version the commit tells. */
async function foundOrMade(request: FhirRequest, type: string, id: string, guards: readonly Guard[], context: Context): Promise<Decision> {
  const stored = await foundInstead(request, type, id, guards, context);
  return {
    ...stored,
    answer: (committed: Committed) => {
      const made = committed.get(`${type}/${id}`);
      return made === undefined ? stored.answer(committed) : writtenReply(made, false, request, [], context.settings.baseUrl);
    },
  };
}

/** Reads are tried before the commit, so that one that cannot succeed stops the transaction; what the bundle itself writes may be missing yet. */
async function probe(reads: readonly Entry[], writes: readonly Write[], context: Context): Promise<void> {
  const written = new Set(writes.filter((write) => write.resource !== undefined).map((write) => `${write.type}/${write.id}`));
  for (const { place, request, match } of reads) {
    if (written.has(`${match.target.type}/${match.target.id}`)) continue;
    const entered = enter(match, request, context);
    await within(place, () => match.route.handle(entered.request, match.target, entered.context));
  }
}

async function readNow({ request, match }: Entry, context: Context): Promise<Reply> {
  try {
    const entered = enter(match, request, context);
    return await match.route.handle(entered.request, match.target, entered.context);
  } catch (error) {
    if (!(error instanceof IssueError)) throw error;
    return { ...failureReply(issuesOf(error, context.log, context.newId)), outcome: true };
  }
}

/** Two new patients of one bundle may carry one identifier: the first owns it. */
function once(claims: readonly Claim[]): Claim[] {
  const byKey = new Map<string, Claim>();
  for (const claim of claims) if (!byKey.has(claim.key)) byKey.set(claim.key, claim);
  return [...byKey.values()];
}

function onceGuards(guards: readonly Guard[]): Guard[] {
  return [...new Map(guards.map((guard) => [guard.key, guard])).values()];
}
