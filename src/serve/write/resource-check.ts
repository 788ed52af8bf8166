import { entryOf, type Issue } from '../../issue/issue.ts';
import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Context } from '../context.ts';
import { validationModeOf } from './validation-modes.ts';

/** What is to be said of a resource that is kept. */
export interface Checked {
  readonly warnings: readonly Issue[];
  /** It is kept although it misses a profile. */
  readonly misses: boolean;
}

const MISSED = 'profile-not-met';
/** The tag of a resource that is kept although it misses a profile, as feeds have it. Shape: _tag=urn:chartbridge:issue|profile-not-met */
const TAG = { system: 'urn:chartbridge:issue', code: MISSED };

/**
 * Holds a resource against R4 and the profiles it claims, before it is kept. What is no FHIR at all goes before what misses a profile; in
 * mode `warn` that is a warning, and in mode `off` profiles are not looked at.
 *
 * Fails: id-mismatched (another type than the address), resource-subsetted, search-parameter-unusable, and what the validator finds
 */
export function checkResource(resource: Record<string, unknown>, type: string, context: Context): Checked {
  if (resource['resourceType'] !== type) {
    throw new IssueError(issue('id-mismatched', { element: 'resourceType', expression: 'resourceType' }));
  }
  if (isSubsetted(resource)) throw new IssueError(issue('resource-subsetted', { expression: `${type}.meta.tag` }));
  const mode = validationModeOf(context);
  const found = context.validator.validate(resource, { claims: mode !== 'off' }).filter((one) => mode !== 'off' || one.id !== MISSED);
  if (found.every((one) => one.severity !== 'error')) found.push(...(context.customParameters?.check(resource) ?? []));
  const misses = mode === 'warn' && found.some((one) => one.id === MISSED && one.severity === 'error');
  const issues = misses ? found.map((one): Issue => (one.id === MISSED ? { ...one, severity: 'warning' } : one)) : found;
  const errors = issues.filter((one) => one.severity === 'error');
  if (errors.length > 0) {
    const sorted = errors.toSorted((one, other) => entryOf(one).http - entryOf(other).http);
    throw new IssueError(...sorted, ...issues.filter((one) => one.severity !== 'error'));
  }
  return { warnings: issues, misses };
}

/** Whether a resource says of itself that it is only a part. Source: FHIR R4 resource, 2.27.3.3 (SUBSETTED) */
export function isSubsetted({ meta }: Readonly<Record<string, unknown>>): boolean {
  const { tag } = (meta ?? {}) as { tag?: unknown };
  return Array.isArray(tag) && tag.some((one: unknown) => (one as { code?: unknown } | null)?.code === 'SUBSETTED');
}

/**
 * A resource as it is handed to the store: under its id, without the version and time that the store fills in, and with a tag that tells
 * whether it was taken although it misses a profile.
 */
export function toBeKept(resource: Record<string, unknown>, id: string, misses = false): Record<string, unknown> {
  const { resourceType, id: _, meta, ...rest } = resource;
  const kept: Record<string, unknown> = { ...(meta as Record<string, unknown> | undefined) };
  delete kept['versionId'];
  delete kept['lastUpdated'];
  const tags = (Array.isArray(kept['tag']) ? kept['tag'] : []).filter(
    (tag: Partial<typeof TAG>) => tag.system !== TAG.system || tag.code !== MISSED,
  );
  if (misses) tags.push(TAG);
  if (tags.length > 0) kept['tag'] = tags;
  else delete kept['tag'];
  return { resourceType, id, ...(Object.keys(kept).length === 0 ? {} : { meta: kept }), ...rest };
}
