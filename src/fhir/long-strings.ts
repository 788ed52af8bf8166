/** What stands for a long string, with its number behind. */
const MARK = '@long ';

/** A string that is longer is not parsed: it is passed by. Units: characters */
const LONG = 65_536;

/** Only texts that are longer are looked through. Units: characters */
const WORTHWHILE = 1024 * 1024;

/**
 * Parses a JSON text by the parser given, which sees a text without the long strings in it: to look at each character of a document of ten
 * megabytes takes 15 ms, and a copy. They are pieces of the text afterwards.
 */
export function parseAroundLongStrings(text: string, parse: (text: string) => unknown): unknown {
  if (text.length < WORTHWHILE || text.includes(`"${MARK}`)) return parse(text);
  const long: string[] = [];
  let around = '';
  let done = 0;
  for (let open = text.indexOf('"'); open !== -1; ) {
    const close = endOfString(text, open);
    if (close - open > LONG && isWrittenAsItIs(text, open, close)) {
      around += `${text.slice(done, open)}"${MARK}${long.length}"`;
      long.push(text.slice(open + 1, close));
      done = close + 1;
    }
    open = text.indexOf('"', close + 1);
  }
  const back = new Set<number>();
  const value = putBack(parse(around + text.slice(done)), long, back);
  // A string that says by an escape sequence what stands for another: then there is one too many.
  return back.size === long.length ? value : parse(text);
}

/** The quote that ends the string begun by another; the end of a text that is no JSON. */
function endOfString(text: string, open: number): number {
  for (let close = text.indexOf('"', open + 1); close !== -1; close = text.indexOf('"', close + 1)) {
    let before = close;
    while (text[before - 1] === '\\') before -= 1;
    if ((close - before) % 2 === 0) return close;
  }
  return text.length;
}

/** A value, and no name; without an escape sequence. */
function isWrittenAsItIs(text: string, open: number, close: number): boolean {
  const escape = text.indexOf('\\', open);
  return (escape === -1 || escape > close) && !/^\s*:/.test(text.slice(close + 1, close + 100));
}

function putBack(value: unknown, long: readonly string[], back: Set<number>): unknown {
  if (typeof value === 'string' && value.startsWith(MARK)) {
    const number = Number(value.slice(MARK.length));
    // Twice: something else stands there as well.
    if (back.has(number)) back.add(-1);
    back.add(number);
    return long[number];
  }
  if (typeof value !== 'object' || value === null) return value;
  const members = value as Record<string, unknown>;
  for (const name of Object.keys(members)) {
    const before = members[name];
    const after = putBack(before, long, back);
    if (after !== before) members[name] = after;
  }
  return value;
}
