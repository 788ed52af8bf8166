import { entryOf, type Issue } from '../../issue/issue.ts';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Context } from '../context.ts';

/**
 * Holds a resource against R4 and the profiles it claims, before it is kept. What is no FHIR at all goes before what misses a profile.
 *
 * Fails: id-mismatched (another type than the address), resource-subsetted, and what the validator finds
 * @returns what deserves to be said of a resource that is kept
 */
export function checkResource(resource: Record<string, unknown>, type: string, context: Context): readonly Issue[] {
  if (resource['resourceType'] !== type) {
    throw new IssueError(issue('id-mismatched', { element: 'resourceType', expression: 'resourceType' }));
  }
  if (isSubsetted(resource)) throw new IssueError(issue('resource-subsetted', { expression: `${type}.meta.tag` }));
  const issues = context.validator.validate(resource);
  const errors = issues.filter((one) => one.severity === 'error');
  if (errors.length > 0) {
    const sorted = errors.toSorted((one, other) => entryOf(one).http - entryOf(other).http);
    throw new IssueError(...sorted, ...issues.filter((one) => one.severity !== 'error'));
  }
  return issues;
}

/** Source: FHIR R4 resource, 2.27.3.3 (SUBSETTED) */
function isSubsetted({ meta }: Readonly<Record<string, unknown>>): boolean {
  const { tag } = (meta ?? {}) as { tag?: unknown };
  return Array.isArray(tag) && tag.some((one: unknown) => (one as { code?: unknown } | null)?.code === 'SUBSETTED');
}

/** A resource as it is handed to the store: under its id, without the version and time that the store fills in. */
export function toBeKept(resource: Record<string, unknown>, id: string): Record<string, unknown> {
  const { resourceType, id: _, meta, ...rest } = resource;
  const kept: Record<string, unknown> = { ...(meta as Record<string, unknown> | undefined) };
  delete kept['versionId'];
  delete kept['lastUpdated'];
  return { resourceType, id, ...(Object.keys(kept).length === 0 ? {} : { meta: kept }), ...rest };
}
