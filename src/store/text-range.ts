/** Behind every text that is kept as a key. */
export const LAST_TEXT = '\u{10ffff}';

/**
 * The first text after every text that begins with the prefix, in the order of code points, which is that of both databases; undefined when there is none.
 *
 * Shape: 'ab' -> 'ac'
 */
export function afterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix);
  while (points.length > 0) {
    const last = points.pop()?.codePointAt(0) ?? 0;
    if (last < 0x10ffff) return points.join('') + String.fromCodePoint(last === 0xd7ff ? 0xe000 : last + 1);
  }
  return undefined;
}
