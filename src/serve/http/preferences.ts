/** The Prefer header, as far as FHIR speaks of it. */
export interface Preferences {
  readonly return?: 'minimal' | 'representation' | 'OperationOutcome';
  readonly handling?: 'strict' | 'lenient';
  readonly respondAsync?: true;
}

/**
 * The preferences of a request; what is not known is left out, as RFC 7240 asks.
 *
 * Shape: parsePrefer('return=minimal; handling=strict') is { return: 'minimal', handling: 'strict' }
 * Source: RFC 7240; FHIR R4 http, 3.1.0.1.7
 */
export function parsePrefer(header: string | undefined): Preferences {
  const found: { return?: Preferences['return'] & string; handling?: Preferences['handling'] & string; respondAsync?: true } = {};
  for (const part of (header ?? '').split(/[,;]/)) {
    const [name, value = ''] = part.split('=').map((text) => text.trim().replace(/^"|"$/g, ''));
    if (name === 'return' && (value === 'minimal' || value === 'representation' || value === 'OperationOutcome')) found.return ??= value;
    if (name === 'respond-async') found.respondAsync = true;
    if (name === 'handling' && (value === 'strict' || value === 'lenient')) found.handling ??= value;
  }
  return found;
}
