/**
 * Splits at a separator that no backslash precedes; the parts keep their escapes, so that they can be split again.
 *
 * Shape: splitEscaped('a\\,b,c', ',') is ['a\\,b', 'c']
 * Source: FHIR R4 search, 3.1.1.4.5: \$ \, \| and \\ stand for themselves
 */
export function splitEscaped(value: string, separator: ',' | '|' | '$'): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let index = 0; index < value.length; index += 1) {
    if (value[index] === '\\') index += 1;
    else if (value[index] === separator) {
      parts.push(value.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(value.slice(start));
  return parts;
}

/** A part with its escapes resolved; a backslash before any other character stands for itself. */
export function unescapeValue(part: string): string {
  return part.replace(/\\([\\,|$])/g, '$1');
}
