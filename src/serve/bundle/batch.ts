import type { Store } from '../../store/store.ts';
import { enter } from '../access/enter.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { failureReply, issuesOf } from '../http/failure-reply.ts';
import { once } from '../jobs/once.ts';
import type { Reply } from '../reply.ts';
import { readEntry, within } from './entry.ts';

const ORDER = ['DELETE', 'POST', 'PUT', 'PATCH', 'GET', 'HEAD'];

/** The entries of a batch, each for itself, in the order of a transaction; the answers are in the order sent. */
export async function batch(entries: readonly unknown[], outer: FhirRequest, context: Context): Promise<Reply[]> {
  const replies: Reply[] = [];
  const rank = (entry: unknown) => ORDER.indexOf(String((entry as { request?: { method?: unknown } } | null)?.request?.method));
  const order = entries.map((_, index) => index).sort((one, other) => rank(entries[one]) - rank(entries[other]) || one - other);
  for (const index of order) {
    // a job that is stopped goes on later, with what it has not done yet
    if (context.run?.mustStop() === true) break;
    replies[index] = await one(entries[index], index, outer, context);
  }
  return replies;
}

async function one(entry: unknown, index: number, outer: FhirRequest, context: Context): Promise<Reply> {
  const place = `Bundle.entry[${index}]`;
  try {
    return await within(place, () => {
      const { request, match } = readEntry(entry, place, outer, context);
      const entered = enter(match, request, context);
      const work = (store: Store) => match.route.handle(entered.request, match.target, { ...entered.context, store });
      return context.run === undefined ? work(entered.context.store) : once(context.run.mark(index), entered.context, work);
    });
  } catch (error) {
    return { ...failureReply(issuesOf(error, context.log, context.newId)), outcome: true };
  }
}
