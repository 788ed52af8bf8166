import type { Guard, StoredVersion, Write } from '../../store/store.ts';
import type { Context } from '../context.ts';
import type { FhirRequest } from '../fhir-request.ts';
import { claimChanges } from './claims.ts';
import { committedVersion } from './committed-version.ts';
import type { Decision } from './decision.ts';
import { type Checked, toBeKept } from './resource-check.ts';
import { resourceOf } from './stored-resource.ts';
import { writtenReply } from './written-reply.ts';

/** A resource that may be written. */
interface Writable {
  readonly type: string;
  readonly id: string;
  readonly resource: Record<string, unknown>;
  readonly checked: Checked;
  /** What the store holds of it now. */
  readonly current: StoredVersion | undefined;
  readonly guards: readonly Guard[];
  readonly method?: Write['method'];
}

/** A write of a resource that was checked, behind what is there now, and its answer. */
export async function decideWrite(request: FhirRequest, writable: Writable, context: Context): Promise<Decision> {
  const { type, id, resource, checked, current, guards, method } = writable;
  const kept = toBeKept(resource, id, checked.misses);
  const { claims, warnings } = await claimChanges(context.store, `${type}/${id}`, resourceOf(current), kept);
  return {
    writes: [{ type, id, expected: current?.version ?? 0, resource: kept, ...(method === undefined ? {} : { method }) }],
    claims,
    guards,
    answer: (committed) => {
      const version = committedVersion(committed, type, id);
      return writtenReply(version, version.created, request, [...checked.warnings, ...warnings], context.settings.baseUrl);
    },
  };
}
