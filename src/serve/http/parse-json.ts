import { issue, type Issue } from '../../issue/issue.ts';
import { failure, type Result, success } from '../../issue/result.ts';
import { parseJson } from '../../fhir/written-number.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/**
 * A JSON body, its numbers as written.
 *
 * Fails: json-invalid (not UTF-8, not JSON, deeper than `maxDepth`, a key named __proto__, a name twice in one object)
 */
export function parseJsonBody(bytes: Uint8Array, maxDepth: number): Result<unknown> {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return failure(invalid('it is not UTF-8'));
  }
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  const seen = { names: 0 };
  const found = unsafe(parsed.value, maxDepth, seen);
  if (found !== undefined) return failure(found);
  // the last of two would be taken, and nobody told of the first
  return seen.names === namesIn(text) ? success(parsed.value) : failure(invalid('a name stands twice in one object'));
}

/** Whether a value is deeper than allowed, or has a key that could reach an object's prototype; counts its names meanwhile. */
function unsafe(value: unknown, depth: number, seen: { names: number }): Issue | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === 0) return invalid('it is nested too deeply');
  const isList = Array.isArray(value);
  for (const [key, item] of Object.entries(value)) {
    if (!isList) seen.names += 1;
    if (key === '__proto__') return invalid('a key is named __proto__');
    const found = unsafe(item, depth - 1, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** How many names stand in a JSON text: strings with a colon behind them. */
function namesIn(text: string): number {
  let names = 0;
  for (let start = text.indexOf('"'); start >= 0; ) {
    let end = text.indexOf('"', start + 1);
    while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
    let next = end + 1;
    while (text.charCodeAt(next) <= 32) next += 1;
    if (text[next] === ':') names += 1;
    start = text.indexOf('"', next);
  }
  return names;
}

function isEscaped(text: string, quote: number): boolean {
  let before = quote;
  while (text[before - 1] === '\\') before -= 1;
  return (quote - before) % 2 === 1;
}

function invalid(reason: string): Issue {
  return issue('json-invalid', { reason });
}
