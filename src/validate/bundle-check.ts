import type { Walk } from './walk.ts';

type Value = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Value {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Bundles whose entries need no address: what is in them is only about to be stored, or was. */
const WITHOUT_ADDRESS: ReadonlySet<unknown> = new Set(['transaction', 'batch', 'transaction-response', 'batch-response']);

/**
 * The rules of a bundle that no invariant states: where an address is needed, and that address and id say the same.
 *
 * Source: FHIR R4 Bundle, 2.36.4 (fullUrl)
 */
export function checkBundle(bundle: Value, walk: Walk): void {
  const entries: readonly unknown[] = Array.isArray(bundle.entry) ? bundle.entry : [];
  entries.forEach((entry, at) => {
    if (!isObject(entry) || !isObject(entry.resource)) return;
    const { fullUrl, resource } = entry as { fullUrl?: unknown; resource: Value };
    const place = walk.location('entry', at);
    if (fullUrl === undefined) {
      const severity = bundle.type === 'document' || bundle.type === 'message' ? 'error' : 'information';
      if (!WITHOUT_ADDRESS.has(bundle.type) && resource.id !== undefined) {
        walk.reportAt(`${place}.fullUrl`, 'bundle-invalid', { severity, reason: 'an entry with an id has a fullUrl' });
      }
      return;
    }
    if (typeof fullUrl !== 'string' || typeof resource.id !== 'string' || !/^https?:/.test(fullUrl)) return;
    if (!fullUrl.endsWith(`/${String(resource.resourceType)}/${resource.id}`)) {
      // What another server answered is not ours to refuse.
      const severity = bundle.type === 'searchset' || bundle.type === 'history' ? 'warning' : 'error';
      walk.reportAt(`${place}.fullUrl`, 'bundle-invalid', {
        severity,
        reason: 'the fullUrl of an entry ends in the type and the id of its resource',
      });
    }
  });
}
