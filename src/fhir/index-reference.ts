import type { Destination } from './index-converters.ts';
import type { IndexSink } from './index-sink.ts';
import { partOf, textOf } from './index-shape.ts';
import type { ReferenceValue } from './index-values.ts';
import { referredType } from './path-branches.ts';
import { type ParsedReference, parseReference, toLocalReference } from './references.ts';

function targetOf(
  parsed: ParsedReference | undefined,
  text: string,
): { readonly type?: string; readonly id?: string; readonly url?: string } {
  switch (parsed?.kind) {
    case 'relative':
      return { type: parsed.type, id: parsed.id };
    case 'absolute':
      return parsed.type === undefined ? { url: parsed.url } : { type: parsed.type, url: `${parsed.base}/${parsed.type}/${parsed.id}` };
    default:
      return { url: text };
  }
}

/**
 * A Reference: the type and id of a resource here, the address of one elsewhere, its identifier. Versions are left out: a search for a
 * resource finds what refers to any of its versions. One with only a display counts as there, and is found by nothing.
 */
export function convertReference(value: unknown, { parameter, baseUrl }: Destination, sink: IndexSink): void {
  const reference = textOf(value, 'reference');
  const identifier = partOf(value, 'identifier');
  const identifierValue = textOf(identifier, 'value');
  const parsed = reference === undefined ? undefined : parseReference(reference);
  const type = referredType(value, sink.resource, parsed);
  const entry: { -readonly [name in keyof ReferenceValue]: ReferenceValue[name] } = { parameter };
  if (type !== undefined) entry.type = type;
  if (reference !== undefined) {
    Object.assign(entry, targetOf(parsed !== undefined && baseUrl !== undefined ? toLocalReference(parsed, baseUrl) : parsed, reference));
  }
  if (identifierValue !== undefined) entry.identifier = { system: textOf(identifier, 'system') ?? '', value: identifierValue };
  if (reference !== undefined || identifierValue !== undefined || textOf(value, 'display') !== undefined) sink.reference(entry);
}

/** A resource that stands in the place itself: the Composition of a document, the MessageHeader of a message. */
export function convertResource(value: unknown, { parameter, targets }: Destination, sink: IndexSink): void {
  const [type, id] = [textOf(value, 'resourceType'), textOf(value, 'id')];
  if (type !== undefined && id !== undefined && targets.includes(type)) sink.reference({ parameter, type, id });
}

/** A canonical or uri: with its version and without, so that either finds it. Source: FHIR R4 search 3.1.1.4.13 */
export function convertCanonical(value: unknown, { parameter }: Destination, sink: IndexSink): void {
  if (typeof value !== 'string') return;
  sink.reference({ parameter, url: value });
  const bar = value.indexOf('|');
  if (bar > 0) sink.reference({ parameter, url: value.slice(0, bar) });
}
