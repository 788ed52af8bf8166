/** Says what a reference becomes; undefined leaves it as it is. */
export type Rewrite = (reference: string) => string | undefined;

/** Texts that may look like a reference and are none. */
const NO_REFERENCE = new Set(['value', 'valueString', 'system', 'text', 'display', 'fullUrl', 'id', 'div']);

/**
 * A resource with its references rewritten: every Reference.reference, addresses that are exactly a key, and links in the narrative.
 * What does not change is not copied.
 *
 * Source: FHIR R4 http, 3.1.0.11.2 (transaction processing rules)
 */
export function rewriteReferences<T>(value: T, rewrite: Rewrite): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) =>
      typeof item === 'string' ? (rewriteUrn(item, rewrite) ?? item) : rewriteReferences(item, rewrite),
    );
    return items.some((item, index) => item !== value[index]) ? (items as T) : value;
  }
  let copy: Record<string, unknown> | undefined;
  for (const [name, item] of Object.entries(value)) {
    const next = typeof item === 'string' ? rewriteText(name, item, rewrite) : rewriteReferences(item as unknown, rewrite);
    if (next === item) continue;
    copy ??= { ...value } as Record<string, unknown>;
    copy[name] = next;
  }
  return (copy ?? value) as T;
}

function rewriteText(name: string, text: string, rewrite: Rewrite): string {
  if (name === 'reference') return rewrite(text) ?? text;
  if (name === 'div') {
    if (!text.includes('urn:')) return text;
    return text.replace(/\b(href|src)="(urn:[^"]+)"/g, (whole, attribute: string, url: string) => {
      const to = rewrite(url);
      return to === undefined ? whole : `${attribute}="${to}"`;
    });
  }
  return NO_REFERENCE.has(name) ? text : (rewriteUrn(text, rewrite) ?? text);
}

function rewriteUrn(text: string, rewrite: Rewrite): string | undefined {
  return text.startsWith('urn:') ? rewrite(text) : undefined;
}
