import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import { searchOf } from '../../fhir/search-query.ts';
import type { Guard } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { type Parameter, parseQuery } from '../http/query-string.ts';
import { parseCriteria } from '../search-request/criteria.ts';
import { invalid } from '../search-request/parameter-issues.ts';

/** What criteria matched, and the guard that makes a commit fail when they match something else by then. */
export interface Resolved {
  readonly ids: readonly string[];
  readonly guard: Guard;
}

/**
 * The criteria of If-None-Exist, which may begin with a question mark or with the type.
 *
 * Shape: criteriaIn('Patient?identifier=urn:m|1', 'Patient') is identifier=urn:m|1, as parameters
 * Fails: parameter-invalid (another type)
 */
export function criteriaIn(text: string, type: string): Parameter[] {
  const [, named = '', query = ''] = /^(?:([A-Za-z]*)\?)?(.*)$/s.exec(text) ?? [];
  if (named !== '' && named !== type) throw invalid('If-None-Exist', 'it is about another type');
  return parseQuery(query);
}

/**
 * Resolves the criteria of a conditional interaction.
 *
 * Fails: multiple-matches (more than `most`), and what criteria fail with
 */
export async function resolveCriteria(type: string, parameters: readonly Parameter[], context: Context, most = 1): Promise<Resolved> {
  const { filter, key } = parseCriteria(type, parameters, { ...context, now: context.now() });
  const found = await context.store.search(searchOf(type, filter, { count: most + 1 }));
  if (!found.ok) throw new IssueError(...found.issues);
  const ids = found.value.matches.map((version) => version.id);
  if (ids.length > most) throw new IssueError(issue('multiple-matches', { count: most === 1 ? 'several' : `more than ${most}` }));
  return { ids, guard: { type, filter, key, ids } };
}
