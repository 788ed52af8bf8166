import { parseReference } from '../fhir/references.ts';
import type { Frame } from './walk.ts';

type Value = Readonly<Record<string, unknown>>;

/** The contained resources of a frame, or of what contains it, by id; put together once for each resource. */
export function containedById(frame: Frame): ReadonlyMap<string, Value> {
  const root = frame.root ?? frame;
  if (root.contained === undefined) {
    const byId = new Map<string, Value>();
    const items: readonly unknown[] = Array.isArray(root.resource.contained) ? root.resource.contained : [];
    for (const item of items) {
      const id = (item as Value | null)?.id;
      if (typeof id === 'string') byId.set(id, item as Value);
    }
    root.contained = byId;
  }
  return root.contained;
}

function textOf(item: unknown): string | undefined {
  if (typeof item === 'string') return item;
  const reference = (item as { reference?: unknown } | null)?.reference;
  return typeof reference === 'string' ? reference : undefined;
}

/** The resource that a Reference, uri or canonical points to, where it is contained or in the same bundle; else undefined. */
export function resolveReference(item: unknown, frame: Frame): Value | undefined {
  const text = textOf(item);
  if (text === undefined) return undefined;
  if (text === '#') return frame.root?.resource;
  if (text.startsWith('#')) return containedById(frame).get(text.slice(1));
  const bundle = (frame.root ?? frame).bundle;
  if (bundle === undefined) return undefined;
  const versionless = text.replace(/\/_history\/.*$/, '');
  const found = bundle.get(versionless);
  return typeof found === 'object' && found !== null ? (found as Value) : undefined;
}

/** The resource type a Reference points to, as far as it can be told without fetching. Shape: Patient/1 gives Patient */
export function targetTypeOf(reference: Value, frame: Frame): string | undefined {
  const resolved = resolveReference(reference, frame);
  if (typeof resolved?.resourceType === 'string') return resolved.resourceType;
  const literal = typeof reference.reference === 'string' ? parseReference(reference.reference) : undefined;
  if (literal !== undefined && 'type' in literal && literal.type !== undefined) return literal.type;
  return typeof reference.type === 'string' ? reference.type.slice(reference.type.lastIndexOf('/') + 1) : undefined;
}

/** The entries of a bundle by fullUrl, and by Type/id where the fullUrl ends so: what references inside it resolve to. */
export function bundleIndex(bundle: Value): ReadonlyMap<string, unknown> {
  const index = new Map<string, unknown>();
  const entries: readonly unknown[] = Array.isArray(bundle.entry) ? bundle.entry : [];
  for (const entry of entries) {
    const { fullUrl, resource } = (entry ?? {}) as { fullUrl?: unknown; resource?: unknown };
    if (typeof resource !== 'object' || resource === null) continue;
    const { resourceType, id } = resource as Value;
    if (typeof fullUrl === 'string') index.set(fullUrl, resource);
    if (typeof resourceType === 'string' && typeof id === 'string' && !index.has(`${resourceType}/${id}`))
      index.set(`${resourceType}/${id}`, resource);
  }
  return index;
}
