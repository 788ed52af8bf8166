import type { Parameter } from './http/query-string.ts';
import type { Preferences } from './http/preferences.ts';

/** A FHIR request as data: one over HTTP, or one entry of a bundle. Interactions see nothing else of either. */
export interface FhirRequest {
  readonly method: Method;
  /** Decoded, below the base. Shape: ['Patient', '7f3c', '_history', '2'] */
  readonly path: readonly string[];
  /** In the order sent; a form body of POST _search is part of it. */
  readonly query: readonly Parameter[];
  readonly conditions: Conditions;
  readonly prefer: Preferences;
  readonly body?: Body;
}

/** The methods the API knows. */
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The headers that make an interaction conditional, as sent. */
export interface Conditions {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
  readonly ifModifiedSince?: string;
  readonly ifNoneExist?: string;
}

/** A body, parsed: a resource (or what claims to be one), the operations of a JSON Patch, or an HL7 v2 message, which stays bytes. */
export type Body =
  | { readonly kind: 'resource'; readonly value: Record<string, unknown> }
  | { readonly kind: 'patch'; readonly value: unknown }
  | { readonly kind: 'message'; readonly value: Uint8Array };
