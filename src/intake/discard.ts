import { issue, type Issue } from '../issue/issue.ts';
import { failure, type Result, success } from '../issue/result.ts';
import { senderOf } from './journal-keys.ts';
import type { MessageRow } from '../store/journal.ts';
import type { Store } from '../store/store.ts';

/** The longest reason that is kept. */
const LONGEST_REASON = 500;

/**
 * Takes a message that failed off the list of those somebody must look at, for a reason that stays with it. Its bytes, its answer and what
 * was wrong with it stay too, and it can still be reprocessed.
 *
 * Fails: message-not-found, message-not-failed, parameter-invalid (no reason, or too long)
 */
export async function discardMessage(id: string, reason: string, store: Store, now: Date): Promise<Result<MessageRow>> {
  const words = reason.trim();
  if (words === '' || words.length > LONGEST_REASON)
    return failure(issue('parameter-invalid', { parameter: 'reason', reason: `it must have 1 to ${LONGEST_REASON} characters` }));
  const row = await store.journal.get(id);
  if (row === undefined) return failure(issue('message-not-found'));
  if (row.status !== 'error' && row.status !== 'rejected') return failure(issue('message-not-failed', { status: row.status }));
  const issues = [...(JSON.parse(row.issues ?? '[]') as Issue[]), issue('message-discarded', { value: words })];
  const written = await store.commit({
    messages: [
      { id, from: [row.status], status: 'filtered', processedAt: now.getTime(), issues: JSON.stringify(issues), of: senderOf(row) },
    ],
  });
  if (!written.ok) return failure(issue('race-lost'));
  return success({ ...row, status: 'filtered', issues: JSON.stringify(issues) });
}
