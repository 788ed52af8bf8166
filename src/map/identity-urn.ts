import { hash } from 'node:crypto';

/**
 * A urn:uuid that the same parts always give.
 *
 * Source: RFC 9562, version 8 (the bits are ours: the first of a SHA-256)
 */
export function urnOf(parts: readonly string[]): string {
  const hex = hash('sha256', parts.join('\u001f'), 'hex');
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4] ?? '8';
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
