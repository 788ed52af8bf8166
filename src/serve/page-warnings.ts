import { issue, type Issue } from '../issue/issue.ts';
import { MOST_INCLUDED, type SearchPage } from '../store/store.ts';

/** What a page of a search does not show and has to say. */
export function pageWarnings(page: SearchPage): Issue[] {
  return [...(page.includedCut === true ? [issue('includes-cut', { limit: MOST_INCLUDED })] : []), ...(page.notes ?? [])];
}
