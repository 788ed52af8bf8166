import type { Resource } from './resource.ts';

/** What a literal reference says. Source: FHIR R4 2.3.0.1, literal references */
export type ParsedReference =
  /** Shape: Patient/1, Patient/1/_history/2 */
  | { readonly kind: 'relative'; readonly type: string; readonly id: string; readonly version?: string }
  /** Shape: https://other.org/fhir/Patient/1; `type` and `id` where the address ends in them, `base` what stands before. */
  | {
      readonly kind: 'absolute';
      readonly url: string;
      readonly base?: string;
      readonly type?: string;
      readonly id?: string;
      readonly version?: string;
    }
  /** Shape: urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a, urn:oid:1.2.3 */
  | { readonly kind: 'urn'; readonly url: string }
  /** Shape: #med1; the empty fragment is the container itself. */
  | { readonly kind: 'contained'; readonly fragment: string }
  /** Shape: Patient?identifier=http://a.org/mrn|1: only in a transaction. */
  | { readonly kind: 'conditional'; readonly type: string; readonly query: string };

const LOCAL = /^[A-Z][A-Za-z]*\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;
const TAIL = /^(.*)\/([A-Z][A-Za-z]*)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?$/;
const CONDITIONAL = /^([A-Z][A-Za-z]*)\?(.+)$/s;
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;

/** Several rules and search parameters ask for one reference, one after the other. */
let last: { readonly text: string; readonly parsed: ParsedReference | undefined } = { text: '', parsed: undefined };

/** Reads the text of Reference.reference. Undefined when it is no literal reference: the id without its type, a blank, a made-up path. */
export function parseReference(text: string): ParsedReference | undefined {
  if (text.startsWith('#')) return { kind: 'contained', fragment: text.slice(1) };
  if (text === last.text) return last.parsed;
  if (LOCAL.test(text)) {
    const [type = '', id = '', _history, version] = text.split('/');
    const parsed: ParsedReference = version === undefined ? { kind: 'relative', type, id } : { kind: 'relative', type, id, version };
    last = { text, parsed };
    return parsed;
  }
  if (text.startsWith('urn:')) return { kind: 'urn', url: text };
  const conditional = CONDITIONAL.exec(text);
  if (conditional !== null) return { kind: 'conditional', type: conditional[1] ?? '', query: conditional[2] ?? '' };
  if (!SCHEME.test(text) || /\s/.test(text)) return undefined;
  const tail = TAIL.exec(text);
  if (tail === null) return { kind: 'absolute', url: text };
  const [, base = '', type = '', id = '', version] = tail;
  return version === undefined ? { kind: 'absolute', url: text, base, type, id } : { kind: 'absolute', url: text, base, type, id, version };
}

/**
 * The reference as this server's own: an absolute one below its base becomes relative. Others stay.
 *
 * Shape: baseUrl without a slash at the end, as https://gw.example.org/fhir
 */
export function toLocalReference(reference: ParsedReference, baseUrl: string): ParsedReference {
  if (reference.kind !== 'absolute' || reference.base !== baseUrl || reference.type === undefined || reference.id === undefined)
    return reference;
  const { type, id, version } = reference;
  return version === undefined ? { kind: 'relative', type, id } : { kind: 'relative', type, id, version };
}

/** A Reference as a resource holds it; nothing of it is checked yet. */
export interface ReferenceElement {
  reference?: string;
  type?: string;
  identifier?: { system?: string; value?: string; [element: string]: unknown };
  display?: string;
  [element: string]: unknown;
}

/**
 * Only Reference has an element `reference` that is a string, but for Expression, DetectedIssue and Immunization.education, where it is a uri:
 * the first two have other elements always, the third is known by its path.
 */
function isReference(value: Record<string, unknown>, path: string): boolean {
  if (typeof value.reference !== 'string' || /^Immunization\.education\[\d+\]$/.test(path)) return false;
  for (const name in value) if (!REFERENCE_ELEMENTS.has(name)) return false;
  return true;
}

const REFERENCE_ELEMENTS = new Set(['id', 'extension', 'reference', '_reference', 'type', '_type', 'identifier', 'display', '_display']);

/** Calls `visit` for every literal Reference of a resource, at any depth, contained resources and extensions among them. The path is FHIRPath: Observation.performer[0]. */
export function eachReference(resource: Resource, visit: (reference: ReferenceElement, path: string) => void): void {
  walk(resource, resource.resourceType, visit);
}

function walk(value: unknown, path: string, visit: (reference: ReferenceElement, path: string) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) walk(value[index], `${path}[${index}]`, visit);
    return;
  }
  const object = value as Record<string, unknown>;
  for (const name of Object.keys(object)) walk(object[name], `${path}.${name}`, visit);
  if (isReference(object, path)) visit(object, path);
}
