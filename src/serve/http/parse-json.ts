import { issue, type Issue } from '../../issue/issue.ts';
import { failure, type Result, success } from '../../issue/result.ts';
import { parseJson } from '../../fhir/written-number.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/**
 * A JSON body, its numbers as written.
 *
 * Fails: json-invalid (not UTF-8, not JSON, deeper than `maxDepth`, a key named __proto__)
 */
export function parseJsonBody(bytes: Uint8Array, maxDepth: number): Result<unknown> {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return failure(issue('json-invalid', { reason: 'it is not UTF-8' }));
  }
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  const found = unsafe(parsed.value, maxDepth);
  return found === undefined ? success(parsed.value) : failure(found);
}

/** Whether a value is deeper than allowed, or has a key that could reach an object's prototype. */
function unsafe(value: unknown, depth: number): Issue | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === 0) return issue('json-invalid', { reason: 'it is nested too deeply' });
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__') return issue('json-invalid', { reason: 'a key is named __proto__' });
    const found = unsafe(item, depth - 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
