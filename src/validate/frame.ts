import { bundleIndex } from './reference.ts';
import type { Frame } from './walk.ts';

/** The frame of a resource. A bundle brings its own index of entries. */
export function frameOf(value: unknown, root: Frame | undefined, outer: Frame | undefined): Frame {
  const resource = typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Frame['resource']) : {};
  const bundle = resource.resourceType === 'Bundle' ? bundleIndex(resource) : outer?.bundle;
  return { resource, root, bundle, contained: undefined, localReferences: undefined };
}
