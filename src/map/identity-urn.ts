import { hash } from 'node:crypto';

/** What stands for the two bits of the variant and the two after them. */
const VARIANTS: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from('0123456789abcdef', (digit, index) => [digit, '89ab'.charAt(index % 4)]),
);

/**
 * A urn:uuid that the same text always gives.
 *
 * Source: RFC 9562, version 8 (the bits are ours: the first of a SHA-256)
 */
export function urnOf(text: string): string {
  const hex = hash('sha256', text, 'hex');
  const variant = VARIANTS[hex.charAt(16)] ?? '8';
  // Joined it is one text; a template would be a tree of pieces, alive as long as the resource.
  return [`urn:uuid:${hex.slice(0, 8)}`, hex.slice(8, 12), `8${hex.slice(13, 16)}`, variant + hex.slice(17, 20), hex.slice(20, 32)].join(
    '-',
  );
}
