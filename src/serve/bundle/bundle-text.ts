import type { StoredVersion } from '../../store/store.ts';

/** What a bundle that is answered holds, its entries as JSON text. */
export interface BundleParts {
  readonly id: string;
  readonly type: 'searchset' | 'history' | 'transaction-response' | 'batch-response';
  readonly lastUpdated: string;
  readonly total?: number;
  /** By relation. Shape: { self: 'https://...', next: 'https://...' } */
  readonly links: Readonly<Record<string, string | undefined>>;
  readonly entries: readonly string[];
}

/** A Bundle as text: resources go in as they are stored, none is parsed. */
export function bundleText(parts: BundleParts): string {
  const links = Object.entries(parts.links).flatMap(([relation, url]) => (url === undefined ? [] : [{ relation, url }]));
  const head = JSON.stringify({
    resourceType: 'Bundle',
    id: parts.id,
    meta: { lastUpdated: parts.lastUpdated },
    type: parts.type,
    ...(parts.total === undefined ? {} : { total: parts.total }),
    ...(links.length === 0 ? {} : { link: links }),
  });
  if (parts.entries.length === 0) return head;
  return `${head.slice(0, -1)},"entry":[${parts.entries.join(',')}]}`;
}

/** One entry of a search or a history. `rest`: search, request or response. */
export function entryText(fullUrl: string | undefined, resource: string | undefined, rest: Readonly<Record<string, unknown>>): string {
  const parts = [
    ...(fullUrl === undefined ? [] : [`"fullUrl":${JSON.stringify(fullUrl)}`]),
    ...(resource === undefined ? [] : [`"resource":${resource}`]),
    ...Object.entries(rest).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`),
  ];
  return `{${parts.join(',')}}`;
}

/** Shape: https://fhir.example.org/fhir/Patient/7f3c */
export function fullUrlOf(version: Pick<StoredVersion, 'type' | 'id'>, baseUrl: string): string {
  return `${baseUrl}/${version.type}/${version.id}`;
}
