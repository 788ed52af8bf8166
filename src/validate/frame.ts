import { bundleIndex, containedById } from './reference.ts';
import type { Frame } from './walk.ts';

/** The frame of a resource. A bundle brings its own index of entries. */
export function frameOf(value: unknown, root: Frame | undefined, outer: Frame | undefined): Frame {
  const resource = typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Frame['resource']) : {};
  const bundle = resource.resourceType === 'Bundle' ? bundleIndex(resource) : outer?.bundle;
  return { resource, root, bundle, contained: undefined, localReferences: undefined };
}

/** The frame of a value met while a profile is checked: the one around it, unless it is a resource of its own. */
export function frameWithin(value: unknown, outer: Frame): Frame {
  if (value === outer.resource || typeof value !== 'object' || value === null || !('resourceType' in value)) return outer;
  const root = outer.root ?? outer;
  const isContained = [...containedById(outer).values()].includes(value);
  return value === root.resource ? root : frameOf(value, isContained ? root : undefined, root);
}
