import type { Bundle, BundleEntry, Identifier } from 'fhir/r4.js';
import type { Made, Translation } from '../map/translation.ts';

/**
 * A translation as a transaction another server can take: references by urn:uuid, every entry conditional or under an id that follows
 * from its key, so that posting it twice makes nothing twice.
 *
 * Source: FHIR R4 http, 3.1.0.11.2 (transactions), 3.1.0.10.4 (conditional update)
 */
export function toTransactionBundle(translation: Translation): Bundle {
  return { resourceType: 'Bundle', type: 'transaction', entry: translation.made.map(entryOf) };
}

function entryOf(made: Made): BundleEntry {
  const type = made.resource.resourceType;
  const identifier = strongest(made);
  const url =
    identifier === undefined
      ? `${type}/${made.fullUrl.slice('urn:uuid:'.length)}`
      : `${type}?identifier=${encodeURIComponent(`${identifier.system}|${identifier.value}`)}`;
  return { fullUrl: made.fullUrl, resource: made.resource, request: { method: 'PUT', url } };
}

/** The identifier by which the resource's first key names it: a condition on a weaker one could find another resource. */
function strongest(made: Made): Identifier | undefined {
  const { identifier } = made.resource;
  const list: Identifier[] = Array.isArray(identifier) ? identifier : [];
  const [key] = made.identity.keys;
  return list.find((entry) => entry.system !== undefined && entry.value !== undefined && `${entry.system}|${entry.value}` === key);
}
