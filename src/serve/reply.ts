import { formatJson } from '../fhir/written-number.ts';
import type { StoredVersion } from '../store/store.ts';

/** What an interaction answers, before a format is chosen: it becomes an HTTP response or an entry of a bundle. */
export interface Reply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** When the version it is about was written, which Last-Modified tells to the second alone. UTC ms. */
  readonly lastUpdated?: number;
  /** The JSON text of one resource. */
  readonly json?: string;
  /** Whether that resource is an OperationOutcome about the answer. */
  readonly outcome?: true;
  /** Instead of a resource. */
  readonly content?: Content;
}

/** What is no resource and is sent as it is: a text, bytes, or a file. */
export type Content =
  | { readonly type: string; readonly text: string }
  | { readonly type: string; readonly data: Uint8Array }
  | { readonly type: string; readonly file: string; readonly bytes: number };

/** Which version a reply is about. Shape: { etag: 'W/"2"', 'last-modified': 'Sat, 21 Nov 2026 17:00:00 GMT' } */
export function versionHeaders(version: StoredVersion): Record<string, string> {
  return { etag: etagOf(version.version), 'last-modified': new Date(version.lastUpdated).toUTCString() };
}

/** Shape: W/"2" */
export function etagOf(version: number): string {
  return `W/"${version}"`;
}

/** A resource as an answer. */
export function resourceReply(resource: unknown, status = 200, headers: Record<string, string> = {}): Reply {
  return { status, headers, json: formatJson(resource) };
}
