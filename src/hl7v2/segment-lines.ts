/** A text cut into its lines, and whether some ended in the two characters \r, which are no line end. */
export interface SegmentLines {
  /** Without their ends; blank ones are left out. */
  readonly lines: readonly string[];
  readonly literalEnds: boolean;
}

/**
 * The lines of a message. CR ends one; LF and CR LF are read too, in any mixture, and so are the two characters `\r`
 * where they stand before a line end or where the text has no other.
 *
 * Source: HL7 v2.5.1 chapter 2, 2.5.2: the segment terminator is a carriage return and cannot be changed
 */
export function segmentLines(text: string): SegmentLines {
  const lines = (text.includes('\n') ? text.split(/[\r\n]+/) : text.split('\r')).filter(isNotBlank);
  const onlyLiteral = lines.length === 1 && /\\r[A-Z][A-Z0-9]{2}[^A-Za-z0-9]/.test(text);
  if (onlyLiteral) return { lines: text.split(/\\r(?=[A-Z][A-Z0-9]{2}(?:[^A-Za-z0-9]|$)|\s*$)/).filter(isNotBlank), literalEnds: true };
  if (!lines.some((line) => line.endsWith('\\r'))) return { lines, literalEnds: false };
  return { lines: lines.map((line) => (line.endsWith('\\r') ? line.slice(0, -2) : line)).filter(isNotBlank), literalEnds: true };
}

function isNotBlank(line: string): boolean {
  // Nearly every line begins with a letter: look at the whole of it only when it does not.
  return line.length > 0 && (line.charCodeAt(0) > 32 || line.trim() !== '');
}
