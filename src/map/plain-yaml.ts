import type { Tree } from './mapping-source.ts';

/** What a file holds, and on which line each thing in it stands. */
export interface PlainYaml {
  readonly data: Tree;
  /** As MappingSource.lineAt. */
  lineAt(...path: readonly (string | number)[]): number;
}

/** Thrown where the text is not plain and caught below: the reader is recursive. */
class NotPlain {
  readonly isPlain = false;
}

/**
 * YAML as mapping files are written: nested maps and lists, scalars of one line, texts in quotes, `{ }` and `[ ]`, lines of text after `|`.
 * Every scalar is a string. undefined for anything else, be it other YAML or none at all: then the YAML library reads it and tells what is
 * wrong. All mapping files are read at each start, and the library takes ten times as long.
 */
export function readPlainYaml(text: string): PlainYaml | undefined {
  // Tabs, other line ends, several documents and directives are for the library.
  if (/[^\n -~\u00A0-\u2027\u202A-\uD7FF\uE000-\uFEFE]|^(?:---|\.\.\.|%)/m.test(text)) return undefined;
  try {
    const reader = new Reader(text);
    const data = reader.file();
    return { data, lineAt: (...path) => reader.lineAt(data, path) };
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

// A bare word: what it may begin with, and what it ends before. `:` and `#` are part of it where no blank is beside them.
const START = String.raw`(?![-?:](?:[ ,\[\]{}]|$))[^\s,\[\]{}#&*!|>'"%@\x60]`;
const KEY = new RegExp(String.raw`(${START}(?:[^\n:#]|:(?! |$)|(?<! )#)*?) *:(?= |$)`, 'my');
const BARE = new RegExp(String.raw`${START}(?:[^\n:#]|:(?! |$)|(?<! )#)*`, 'my');
const FLOW_BARE = new RegExp(String.raw`${START}(?:[^\n:#,\[\]{}]|:(?![ ,\[\]{}]|$)|(?<! )#)*`, 'my');
const QUOTED = /"((?:[^"\\\n]|\\["\\/nt])*)"|'((?:[^'\n]|'')*)'/y;
const COLON = / *:(?= |$)/my;
const LINE_END = / *(?: #.*)?$/my;
const FLOW_SPACE = /(?: |\n|(?<=[ \n])#.*)*/y;
const BLANK = /^ *(?:#.*)?$/;
const ESCAPED: Readonly<Record<string, string>> = { n: '\n', t: '\t' };

class Reader {
  readonly #text: string;
  readonly #lines: readonly string[];
  /** Where each line begins. */
  readonly #starts: number[] = [];
  readonly #marks = new WeakMap<object, Map<string, number>>();
  /** The line at hand, from 0. */
  #line = 0;
  /** Where a flow collection is being read. */
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#lines = text.split('\n');
    let start = 0;
    for (const line of this.#lines) {
      this.#starts.push(start);
      start += line.length + 1;
    }
  }

  file(): Tree {
    this.#skipBlank();
    if (this.#indent() !== 0) throw new NotPlain();
    const data = this.#block(0);
    if (this.#line < this.#lines.length) throw new NotPlain();
    return data;
  }

  lineAt(data: Tree, path: readonly (string | number)[]): number {
    let node: Tree | undefined = data;
    let line =
      this.#marks
        .get(data as object)
        ?.values()
        .next().value ?? 0;
    for (const step of path) {
      const mark: number | undefined = typeof node === 'object' ? this.#marks.get(node)?.get(String(step)) : undefined;
      if (mark === undefined) break;
      line = mark;
      node = (node as Readonly<Record<string | number, Tree>>)[step];
    }
    return line + 1;
  }

  /** The column where the line at hand begins; -1 after the last line. */
  #indent(): number {
    return this.#lines[this.#line]?.search(/[^ ]/) ?? -1;
  }

  #skipBlank(): void {
    while (this.#line < this.#lines.length && BLANK.test(this.#lines[this.#line] as string)) this.#line++;
  }

  #mark(node: object): Map<string, number> {
    const marks = new Map<string, number>();
    this.#marks.set(node, marks);
    return marks;
  }

  #isItem(column: number): boolean {
    return this.#indent() === column && this.#lines[this.#line]?.startsWith('- ', column) === true;
  }

  /** A list or a map whose entries begin in a column. */
  #block(column: number): Tree {
    return this.#isItem(column) ? this.#list(column) : this.#map(column);
  }

  #list(column: number): Tree {
    const list: Tree[] = [];
    const marks = this.#mark(list);
    while (this.#isItem(column)) {
      marks.set(String(list.length), this.#line);
      const line = this.#lines[this.#line] as string;
      const start = column + 1 + line.slice(column + 1).search(/[^ ]/);
      if (start === column) throw new NotPlain();
      list.push(this.#keyAt(start) === undefined ? this.#scalar(start, column) : this.#map(start));
    }
    if (this.#indent() > column) throw new NotPlain();
    return list;
  }

  /** The first key may stand beside the dash of a list. */
  #map(column: number): Tree {
    const map = Object.create(null) as Record<string, Tree>;
    const marks = this.#mark(map);
    do {
      const found = this.#keyAt(column);
      if (found === undefined || marks.has(found.key)) throw new NotPlain();
      marks.set(found.key, this.#line);
      map[found.key] = endsLine(this.#text, found.end) ? this.#below(column) : this.#scalar(this.#blanksAfter(found.end), column);
    } while (this.#indent() === column && !this.#isItem(column));
    if (this.#indent() > column) throw new NotPlain();
    return map;
  }

  /** A key in a column of the line at hand; where its colon ends. */
  #keyAt(column: number): { readonly key: string; readonly end: number } | undefined {
    const at = (this.#starts[this.#line] as number) + column;
    const quoted = matchAt(QUOTED, this.#text, at);
    if (quoted === undefined) {
      const match = matchAt(KEY, this.#text, at);
      return match === undefined ? undefined : { key: match[1] as string, end: at + match[0].length };
    }
    const end = at + quoted[0].length;
    const colon = matchAt(COLON, this.#text, end);
    return colon === undefined ? undefined : { key: meant(quoted), end: end + colon[0].length };
  }

  /** The column of what stands after the blanks. */
  #blanksAfter(at: number): number {
    let next = at;
    while (this.#text.charAt(next) === ' ') next++;
    return next - (this.#starts[this.#line] as number);
  }

  /** The value of a key with nothing beside it. */
  #below(outer: number): Tree {
    this.#line++;
    this.#skipBlank();
    const indent = this.#indent();
    return indent > outer || this.#isItem(outer) ? this.#block(indent) : '';
  }

  /** What stands from a column of the line at hand: to its end, or to the end of what it opens. */
  #scalar(column: number, outer: number): Tree {
    const at = (this.#starts[this.#line] as number) + column;
    const character = this.#text.charAt(at);
    if (character === '|') return this.#literal(at, outer);
    if (character === '{' || character === '[') {
      this.#at = at;
      const value = this.#flow();
      this.#endLine(this.#at, outer);
      return value;
    }
    const quoted = matchAt(QUOTED, this.#text, at);
    const match = quoted ?? matchAt(BARE, this.#text, at);
    if (match === undefined) throw new NotPlain();
    this.#endLine(at + match[0].trimEnd().length, outer);
    return quoted === undefined ? match[0].trimEnd() : meant(quoted);
  }

  /** Lines of text. */
  #literal(at: number, outer: number): string {
    if (!endsLine(this.#text, at + 1)) throw new NotPlain();
    const lines: string[] = [];
    let indent = 0;
    for (this.#line++; this.#line < this.#lines.length; this.#line++) {
      const line = this.#lines[this.#line] as string;
      const own = this.#indent();
      if (own === -1 && line.length <= indent) lines.push('');
      else if (own <= outer && own !== -1) break;
      else {
        if (indent === 0) indent = own;
        // A line further out, or blanks alone, are for the library; so is a text that begins with a blank line.
        if (own < indent || indent === 0 || lines.some((one) => one !== '') !== lines.length > 0) throw new NotPlain();
        lines.push(line.slice(indent));
      }
    }
    this.#skipBlank();
    const text = lines.join('\n').replace(/\n+$/, '');
    if (text === '') throw new NotPlain();
    return `${text}\n`;
  }

  /** Nothing but a comment may follow, and the line below must not go on with it. */
  #endLine(at: number, outer: number): void {
    if (!endsLine(this.#text, at)) throw new NotPlain();
    while ((this.#starts[this.#line + 1] ?? Number.POSITIVE_INFINITY) <= at) this.#line++;
    this.#line++;
    this.#skipBlank();
    if (this.#indent() > outer) throw new NotPlain();
  }

  #flow(): Tree {
    const character = this.#text.charAt(this.#at);
    if (character === '{') return this.#flowMap();
    if (character === '[') return this.#flowList();
    return this.#flowScalar();
  }

  #flowScalar(): string {
    const quoted = matchAt(QUOTED, this.#text, this.#at);
    const match = quoted ?? matchAt(FLOW_BARE, this.#text, this.#at);
    if (match === undefined) throw new NotPlain();
    this.#at += match[0].length;
    return quoted === undefined ? match[0].trimEnd() : meant(quoted);
  }

  /** The next character that is not blank; lines may end in between. */
  #next(): string {
    this.#at += matchAt(FLOW_SPACE, this.#text, this.#at)?.[0].length ?? 0;
    return this.#text.charAt(this.#at);
  }

  #take(sign: string): boolean {
    if (this.#next() !== sign) return false;
    this.#at++;
    return true;
  }

  #lineOfAt(): number {
    let line = this.#line;
    while ((this.#starts[line + 1] ?? Number.POSITIVE_INFINITY) <= this.#at) line++;
    return line;
  }

  #flowMap(): Tree {
    const map = Object.create(null) as Record<string, Tree>;
    const marks = this.#mark(map);
    this.#at++;
    while (!this.#take('}')) {
      this.#next();
      const line = this.#lineOfAt();
      const key = this.#flowScalar();
      const colon = matchAt(COLON, this.#text, this.#at);
      if (colon === undefined || marks.has(key)) throw new NotPlain();
      this.#at += colon[0].length;
      marks.set(key, line);
      map[key] = ',}'.includes(this.#next()) ? '' : this.#flow();
      if (!this.#take(',') && this.#next() !== '}') throw new NotPlain();
    }
    return map;
  }

  #flowList(): Tree {
    const list: Tree[] = [];
    const marks = this.#mark(list);
    this.#at++;
    while (!this.#take(']')) {
      this.#next();
      marks.set(String(list.length), this.#lineOfAt());
      list.push(this.#flow());
      if (!this.#take(',') && this.#next() !== ']') throw new NotPlain();
    }
    return list;
  }
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

const endsLine = (text: string, at: number) => matchAt(LINE_END, text, at) !== undefined;

/** The text in quotes. */
function meant([, double, single = '']: readonly (string | undefined)[]): string {
  if (double === undefined) return single.replaceAll("''", "'");
  return double.replace(/\\(.)/g, (_, letter: string) => ESCAPED[letter] ?? letter);
}
