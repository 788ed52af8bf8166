import type { RunningIntake } from '../intake/create-intake.ts';
import { issue, type Issue } from '../issue/issue.ts';
import { toOutcomeIssue } from '../issue/operation-outcome.ts';
import { failure, type Result, success } from '../issue/result.ts';
import type { Journal, MessageRow } from '../store/journal.ts';
import { MOST_ROWS, parseQuery } from './message-query.ts';

/** What operators do with messages, handed in by main. */
export interface ActionDependencies {
  readonly journal: Journal;
  readonly intake: Pick<RunningIntake, 'reprocess' | 'preview' | 'discard'>;
}

/** What became of one message. */
type Acted = Readonly<Record<string, unknown>>;

/** What became of several, in the order of their arrival. `more`: the search finds more than one action takes. */
interface ActedOnMany {
  readonly count: number;
  readonly more: boolean;
  readonly messages: readonly Acted[];
}

/**
 * Reprocesses or discards one message, those that are named (id=...&id=...), or what a search finds. With `dry-run=true` reprocessing writes nothing and tells the difference.
 *
 * Shape: POST /messages/$reprocess?status=error&sender=LAB|HOSP&dry-run=true
 * Fails: message-not-found, message-not-failed, parameter-invalid
 */
export async function actOnMessages(
  action: '$reprocess' | '$discard',
  id: string | undefined,
  parameters: URLSearchParams,
  deps: ActionDependencies,
): Promise<Result<Acted | ActedOnMany>> {
  const search = new URLSearchParams(parameters);
  const dryRun = search.get('dry-run') === 'true';
  const reason = search.get('reason') ?? '';
  search.delete('dry-run');
  search.delete('reason');
  const act = (row: Pick<MessageRow, 'id'>) => (action === '$discard' ? discard(row.id, reason, deps) : reprocess(row.id, dryRun, deps));
  if (id !== undefined) return act({ id });
  const chosen = search.has('id') ? named(search) : await found(search, action, deps);
  if (!chosen.ok) return chosen;
  const messages: Acted[] = [];
  for (const row of chosen.value.rows) {
    const acted = await act(row);
    messages.push(acted.ok ? acted.value : { id: row.id, issues: acted.issues.map(toOutcomeIssue) });
  }
  return success({ count: messages.length, more: chosen.value.more, messages });
}

/** Which messages an action is for, in the order it takes them. */
interface Chosen {
  readonly rows: readonly Pick<MessageRow, 'id'>[];
  readonly more: boolean;
}

function named(search: URLSearchParams): Result<Chosen> {
  const ids = new Set(search.getAll('id'));
  const other = [...search.keys()].find((name) => name !== 'id');
  if (other !== undefined)
    return failure(issue('parameter-invalid', { parameter: other.slice(0, 64), reason: 'messages are named, or searched for' }));
  if (ids.size > MOST_ROWS) return failure(issue('parameter-invalid', { parameter: 'id', reason: `${MOST_ROWS} at most at a time` }));
  return success({ rows: [...ids].map((id) => ({ id })), more: false });
}

async function found(search: URLSearchParams, action: string, { journal }: ActionDependencies): Promise<Result<Chosen>> {
  if (search.size === 0)
    return failure(issue('parameter-invalid', { parameter: action, reason: 'say which messages: by id, status, sender, mrn or the like' }));
  if (!search.has('_count')) search.set('_count', String(MOST_ROWS));
  const query = parseQuery(search);
  if (!query.ok) return query;
  const page = await journal.search(query.value);
  // the oldest first, as they came
  return success({ rows: page.rows.toReversed(), more: page.next !== undefined });
}

async function reprocess(id: string, dryRun: boolean, { intake }: ActionDependencies): Promise<Result<Acted>> {
  if (dryRun) {
    const preview = await intake.preview(id);
    if (!preview.ok) return preview;
    const { code, issues, changes } = preview.value;
    return success({ id, dryRun, code, issues: issues.map(toOutcomeIssue), changes });
  }
  const outcome = await intake.reprocess(id);
  if (!outcome.ok) return outcome;
  const { code, ack, issues, trace } = outcome.value;
  return success({ id, code, ack, issues: issues.map(toOutcomeIssue), trace });
}

async function discard(id: string, reason: string, { intake }: ActionDependencies): Promise<Result<Acted>> {
  const discarded = await intake.discard(id, reason);
  if (!discarded.ok) return discarded;
  const issues = JSON.parse(discarded.value.issues ?? '[]') as Issue[];
  return success({ id, status: discarded.value.status, issues: issues.map(toOutcomeIssue) });
}
