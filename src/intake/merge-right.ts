import type { Address } from '../issue/address.ts';
import { issue, type Issue } from '../issue/issue.ts';
import type { Translation } from '../map/translation.ts';

/**
 * Where a message merges, moves or links patients, accounts or visits, or changes their numbers: the first MRG something is made of, else
 * the first patient that is linked to another, or no longer is. Undefined: it does none of it.
 */
export function mergesAt({ made, trace }: Translation): Address | undefined {
  const used = trace.find(({ segment, outcome }) => segment.segment === 'MRG' && outcome === 'made');
  return used?.segment ?? made.find(({ resource, spoken }) => resource.resourceType === 'Patient' && spoken.includes('link'))?.from;
}

/** What keeps a message from merging whose sender may not. Fails: merge-not-allowed */
export function mergeRightIssues(at: Address | undefined, mayMerge: boolean): Issue[] {
  return at === undefined || mayMerge ? [] : [issue('merge-not-allowed', { at })];
}
