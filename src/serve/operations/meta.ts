import { issue } from '../../issue/issue.ts';
import { IssueError } from '../../issue/issue-error.ts';
import type { Meta } from '../../fhir/resource.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { requirePresent } from '../interactions/read.ts';
import { type Reply, resourceReply } from '../reply.ts';
import type { Target } from '../route.ts';
import { bodyResource } from '../write/body-resource.ts';
import { committedVersion } from '../write/committed-version.ts';
import { settle } from '../write/decision.ts';
import { checkResource, toBeKept } from '../write/resource-check.ts';
import { resourceOf } from '../write/stored-resource.ts';
import { parametersIn, valueIn } from './parameters.ts';

/** GET {type}/{id}/$meta: what the resource says of itself. */
export async function meta(_request: FhirRequest, { type, id }: Target, context: Context): Promise<Reply> {
  const present = requirePresent(await context.store.read(type, id), `${type}/${id}`);
  return answer((resourceOf(present)?.['meta'] ?? {}) as Meta);
}

/** POST {type}/{id}/$meta-add: profiles, tags and labels are added to those there are, as a new version. */
export function metaAdd(request: FhirRequest, target: Target, context: Context): Promise<Reply> {
  return change(request, target, context, (list, given, same) => [
    ...list,
    ...given.filter((one) => !list.some((other) => same(one, other))),
  ]);
}

/** POST {type}/{id}/$meta-delete: profiles, tags and labels are taken away, as a new version. */
export function metaDelete(request: FhirRequest, target: Target, context: Context): Promise<Reply> {
  return change(request, target, context, (list, given, same) => list.filter((one) => !given.some((other) => same(one, other))));
}

type Combine = (list: readonly unknown[], given: readonly unknown[], same: (one: unknown, other: unknown) => boolean) => unknown[];

function change(request: FhirRequest, { type, id }: Target, context: Context, combine: Combine): Promise<Reply> {
  const given = metaIn(bodyResource(request));
  return settle(async () => {
    const present = requirePresent(await context.store.read(type, id), `${type}/${id}`);
    const resource = resourceOf(present) as Record<string, unknown>;
    const changed: Record<string, unknown> = { ...(resource['meta'] as Record<string, unknown> | undefined) };
    for (const name of ['profile', 'security', 'tag'] as const) {
      const list = combine(listOf(changed[name]), listOf(given[name]), name === 'profile' ? Object.is : sameCoding);
      if (list.length === 0) delete changed[name];
      else changed[name] = list;
    }
    const next = { ...resource, meta: changed };
    const { misses } = checkResource(next, type, context);
    return {
      writes: [{ type, id, expected: present.version, resource: toBeKept(next, id, misses) }],
      claims: [],
      guards: [],
      answer: (committed) => answer((resourceOf(committedVersion(committed, type, id))?.['meta'] ?? {}) as Meta),
    };
  }, context);
}

function metaIn(body: Record<string, unknown>): Readonly<Record<string, unknown>> {
  const value = valueIn(parametersIn(body)?.find(({ name }) => name === 'meta'));
  if (typeof value !== 'object' || value === null) {
    throw new IssueError(issue('parameter-invalid', { parameter: 'meta', reason: 'a Parameters resource with meta is needed' }));
  }
  return value as Record<string, unknown>;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function sameCoding(one: unknown, other: unknown): boolean {
  const [a, b] = [one, other] as { system?: unknown; code?: unknown }[];
  return a?.system === b?.system && a?.code === b?.code;
}

function answer(value: Meta): Reply {
  return resourceReply({ resourceType: 'Parameters', parameter: [{ name: 'return', valueMeta: value }] });
}
