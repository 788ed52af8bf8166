import { isDeepStrictEqual } from 'node:util';
import type { Issue } from '../issue/issue.ts';
import type { Resource } from '../fhir/resource.ts';
import type { Effect, Effects } from './apply.ts';
import { storedResource } from './as-stored.ts';
import { type FeedValidation, validateMade } from './validation-issues.ts';

/** What a message does, validated. */
export interface ValidatedEffects {
  readonly effects: Effects;
  /** Of every resource that would be written: what was found, by its reference. */
  readonly found: ReadonlyMap<string, readonly Issue[]>;
}

/** Holds what a message is about to write against R4 and profiles, and gives it the claims that are true. */
export function validateEffects(effects: Effects, feed: FeedValidation): ValidatedEffects {
  const found = new Map<string, readonly Issue[]>();
  const all = effects.effects.map((effect): Effect => {
    if (effect.action === 'unchanged') return effect;
    const { resource, issues } = validateMade(effect.resource, effect.settled.made, feed);
    found.set(referenceOf(resource), issues);
    if (resource === effect.resource) return effect;
    return { ...effect, resource, action: isAsStored(effect, resource) ? 'unchanged' : effect.action };
  });
  return { effects: { ...effects, effects: all, issues: [...effects.issues, ...[...found.values()].flat()] }, found };
}

/** Where only a claim that is not true made the difference to what is stored, there is none. */
function isAsStored({ settled }: Effect, resource: Resource): boolean {
  const { stored } = settled;
  if (stored === undefined || stored.deleted) return false;
  return isDeepStrictEqual(storedResource(stored.json), resource);
}

function referenceOf(resource: Resource): string {
  return `${resource.resourceType}/${resource.id}`;
}
