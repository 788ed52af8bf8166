import { parsePlace, type Place } from './place.ts';

/** A condition of a mapping row, as written in the closed grammar of docs/mappings.md. */
export type Condition =
  | { readonly op: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly op: 'not'; readonly of: Condition }
  | { readonly op: 'valued'; readonly place: Place }
  | { readonly op: 'same'; readonly place: Place; readonly other: Place }
  | { readonly op: 'in'; readonly measure: Measure; readonly place: Place; readonly values: readonly string[] }
  | { readonly op: '>' | '<'; readonly measure: Measure; readonly place: Place; readonly number: number };

/** What of a place is compared: its text, how often it repeats, or how long it is. */
export type Measure = 'text' | 'count' | 'length';

/** A condition, or why the text is none. */
export type ParsedCondition = { readonly condition: Condition } | { readonly error: string };

const TOKEN = /\s*(?:"([^"]*)"|(!=|=|>|<|\(|\)|\|)|([^\s"=!<>()|]+))/y;

interface Token {
  readonly text: string;
  readonly kind: 'quoted' | 'sign' | 'word';
}

/** Thrown while reading and caught below: the reader is recursive. */
class Unreadable {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** The reader is recursive. Units: characters */
const LONGEST = 1_000;

/** Reads a condition. Shape: 'count(PID-11) = 1 and not PID-11.9', 'OBX-2 in NM|SN' */
export function parseCondition(text: string): ParsedCondition {
  if (text.length > LONGEST) return { error: `a condition has at most ${LONGEST} characters` };
  try {
    const reader = new Reader(tokens(text));
    const condition = reader.any();
    reader.end();
    return { condition };
  } catch (error) {
    if (error instanceof Unreadable) return { error: error.reason };
    throw error;
  }
}

/** Every place a condition looks at. */
export function placesOf(condition: Condition): Place[] {
  if (condition.op === 'same') return [condition.place, condition.other];
  if ('place' in condition) return [condition.place];
  return condition.op === 'not' ? placesOf(condition.of) : condition.of.flatMap(placesOf);
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new Unreadable(`the condition cannot be read from "${text.slice(at)}"`);
    const [, quoted, sign, word] = match;
    if (quoted !== undefined) found.push({ text: quoted, kind: 'quoted' });
    else if (sign !== undefined) found.push({ text: sign, kind: 'sign' });
    else found.push({ text: word ?? '', kind: 'word' });
  }
  return found;
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(all: readonly Token[]) {
    this.#tokens = all;
  }

  any(): Condition {
    return this.#joined('or', () => this.#joined('and', () => this.#one()));
  }

  end(): void {
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) throw new Unreadable(`"${rest.text}" was not expected`);
  }

  #joined(op: 'and' | 'or', part: () => Condition): Condition {
    const of = [part()];
    while (this.#take('word', op)) of.push(part());
    return of.length === 1 ? (of[0] as Condition) : { op, of };
  }

  #one(): Condition {
    if (this.#take('word', 'not')) return { op: 'not', of: this.#one() };
    if (!this.#take('sign', '(')) return this.#test();
    const inner = this.any();
    this.#need(')');
    return inner;
  }

  #test(): Condition {
    const word = this.#value();
    let measure: Measure = 'text';
    let place = parsePlace(word);
    if ((word === 'count' || word === 'length') && this.#take('sign', '(')) {
      measure = word;
      place = parsePlace(this.#value());
      this.#need(')');
    }
    if (place === undefined) throw new Unreadable(`"${word}" is no address`);
    if (this.#take('sign', '=')) return this.#equal(measure, place);
    if (this.#take('sign', '!=')) return { op: 'not', of: this.#equal(measure, place) };
    if (this.#take('sign', '>')) return { op: '>', measure, place, number: this.#number() };
    if (this.#take('sign', '<')) return { op: '<', measure, place, number: this.#number() };
    if (this.#take('word', 'in')) return { op: 'in', measure, place, values: this.#values() };
    if (this.#tokens[this.#at]?.text === 'not' && this.#tokens[this.#at + 1]?.text === 'in') {
      this.#at += 2;
      return { op: 'not', of: { op: 'in', measure, place, values: this.#values() } };
    }
    if (measure !== 'text') throw new Unreadable(`${measure}() is compared with a number`);
    return { op: 'valued', place };
  }

  /** A word that is the address of a field is read there; a text that looks like one is quoted. */
  #equal(measure: Measure, place: Place): Condition {
    const word = this.#tokens[this.#at]?.kind === 'word';
    const value = this.#value();
    const other = word && measure === 'text' ? parsePlace(value) : undefined;
    return other === undefined || other.field === 0 ? { op: 'in', measure, place, values: [value] } : { op: 'same', place, other };
  }

  #values(): string[] {
    const values = [this.#value()];
    while (this.#take('sign', '|')) values.push(this.#value());
    return values;
  }

  #value(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined || token.kind === 'sign') throw new Unreadable('a value is missing');
    return token.text;
  }

  #number(): number {
    const number = Number(this.#value());
    if (Number.isNaN(number)) throw new Unreadable('> and < compare with a number');
    return number;
  }

  #take(kind: Token['kind'], text: string): boolean {
    const token = this.#tokens[this.#at];
    if (token === undefined || token.kind !== kind || token.text !== text) return false;
    this.#at++;
    return true;
  }

  #need(sign: string): void {
    if (!this.#take('sign', sign)) throw new Unreadable(`"${sign}" is missing`);
  }
}
