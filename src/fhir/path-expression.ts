/**
 * The part of FHIRPath that search parameters are written in, as a tree: paths, casts, where(), one item by its number, unions, and comparisons.
 * What it does not read goes to the full engine. Source: FHIR R4 search parameters; FHIRPath N1
 */
export type PathExpression =
  /** What the expression starts from: the resource, or the element of a composite. */
  | { readonly op: 'focus' }
  /** %resource */
  | { readonly op: 'resource' }
  /** The first word of an expression: a type, or an element of the focus. */
  | { readonly op: 'start'; readonly name: string }
  | { readonly op: 'child'; readonly of: PathExpression; readonly name: string }
  /** as and ofType(). */
  | { readonly op: 'cast'; readonly of: PathExpression; readonly type: string }
  | { readonly op: 'where'; readonly of: PathExpression; readonly test: PathTest }
  | { readonly op: 'item'; readonly of: PathExpression; readonly index: number }
  | { readonly op: 'union'; readonly of: readonly PathExpression[] }
  /** A test gives one boolean. */
  | { readonly op: 'test'; readonly test: PathTest };

/** A question with yes or no for an answer. */
export type PathTest =
  | { readonly op: 'and' | 'or'; readonly of: readonly [PathTest, PathTest] }
  | { readonly op: 'exists'; readonly of: PathExpression }
  | { readonly op: 'equals' | 'differs'; readonly of: PathExpression; readonly value: string | boolean }
  /** resolve() is Patient, asked of a reference. */
  | { readonly op: 'refersTo'; readonly type: string };

const TOKENS = /\s*(?:([A-Za-z_]\w*|`[^`]+`)|('(?:[^'\\]|\\.)*')|(\d+)|(%resource)|(!=|[.()[\]|=]))/y;

class Reader {
  readonly #tokens: string[] = [];
  #next = 0;

  constructor(text: string) {
    TOKENS.lastIndex = 0;
    const source = text.trim();
    while (TOKENS.lastIndex < source.length) {
      const match = TOKENS.exec(source);
      if (match === null) throw new Unread();
      this.#tokens.push(match[0].trim());
    }
  }

  peek(): string | undefined {
    return this.#tokens[this.#next];
  }

  take(): string {
    const token = this.#tokens[this.#next++];
    if (token === undefined) throw new Unread();
    return token;
  }

  takeIf(token: string): boolean {
    if (this.peek() !== token) return false;
    this.#next++;
    return true;
  }

  expect(token: string): void {
    if (this.take() !== token) throw new Unread();
  }

  name(): string {
    const token = this.take();
    if (!/^[A-Za-z_`]/.test(token)) throw new Unread();
    return token.replaceAll('`', '');
  }
}

/** The expression is beyond this reader; never leaves this module. */
class Unread extends Error {}

/** Either a path or a test, as far as it is read: which of the two is known only at the next operator. */
type Operand = PathExpression | { readonly op: 'question'; readonly test: PathTest };

function asTest(operand: Operand): PathTest {
  if (operand.op !== 'question') throw new Unread();
  return operand.test;
}

function asPath(operand: Operand): PathExpression {
  return operand.op === 'question' ? { op: 'test', test: operand.test } : operand;
}

function readOr(reader: Reader): Operand {
  let left = readAnd(reader);
  while (reader.takeIf('or')) left = { op: 'question', test: { op: 'or', of: [asTest(left), asTest(readAnd(reader))] } };
  return left;
}

function readAnd(reader: Reader): Operand {
  let left = readComparison(reader);
  while (reader.takeIf('and')) left = { op: 'question', test: { op: 'and', of: [asTest(left), asTest(readComparison(reader))] } };
  return left;
}

function readComparison(reader: Reader): Operand {
  const left = readUnion(reader);
  const op = reader.takeIf('=') ? 'equals' : reader.takeIf('!=') ? 'differs' : undefined;
  if (op === undefined) return left;
  const literal = reader.take();
  if (literal === 'true' || literal === 'false') return { op: 'question', test: { op, of: asPath(left), value: literal === 'true' } };
  if (!literal.startsWith("'") || literal.includes('\\')) throw new Unread();
  return { op: 'question', test: { op, of: asPath(left), value: literal.slice(1, -1) } };
}

function readUnion(reader: Reader): Operand {
  const first = readCast(reader);
  if (reader.peek() !== '|') return first;
  const parts = [asPath(first)];
  while (reader.takeIf('|')) parts.push(asPath(readCast(reader)));
  return { op: 'union', of: parts };
}

function readCast(reader: Reader): Operand {
  const path = readPath(reader);
  return reader.takeIf('as') ? { op: 'cast', of: asPath(path), type: reader.name() } : path;
}

function readPath(reader: Reader): Operand {
  let path: Operand;
  if (reader.takeIf('(')) {
    path = readOr(reader);
    reader.expect(')');
  } else if (reader.takeIf('%resource')) path = { op: 'resource' };
  else path = readStep(reader, { op: 'focus' }, true);
  for (;;) {
    if (reader.takeIf('.')) path = readStep(reader, asPath(path), false);
    else if (reader.takeIf('[')) {
      path = { op: 'item', of: asPath(path), index: Number(reader.take()) };
      reader.expect(']');
    } else return path;
  }
}

function readStep(reader: Reader, of: PathExpression, first: boolean): Operand {
  const name = reader.name();
  if (!reader.takeIf('(')) return first ? { op: 'start', name } : { op: 'child', of, name };
  const step = readCall(reader, name, of);
  reader.expect(')');
  if (name !== 'resolve') return step;
  reader.expect('is');
  return { op: 'question', test: { op: 'refersTo', type: reader.name() } };
}

function readCall(reader: Reader, name: string, of: PathExpression): Operand {
  switch (name) {
    case 'as':
    case 'ofType':
      return { op: 'cast', of, type: reader.name() };
    case 'where':
      return { op: 'where', of, test: asTest(readOr(reader)) };
    case 'exists':
      return { op: 'question', test: { op: 'exists', of } };
    case 'first':
      return { op: 'item', of, index: 0 };
    case 'extension': {
      const url = reader.take();
      if (!/^'[^'\\]*'$/.test(url)) throw new Unread();
      const test: PathTest = { op: 'equals', of: { op: 'start', name: 'url' }, value: url.slice(1, -1) };
      return { op: 'where', of: { op: 'child', of, name: 'extension' }, test };
    }
    case 'resolve':
      if (of.op !== 'focus') throw new Unread();
      return of;
    default:
      throw new Unread();
  }
}

/** Reads an expression; undefined when it takes the full engine. Shape: "Patient.telecom.where(system = 'phone')" */
export function readPathExpression(text: string): PathExpression | undefined {
  try {
    const reader = new Reader(text);
    const operand = readOr(reader);
    return reader.peek() === undefined ? asPath(operand) : undefined;
  } catch (error) {
    if (error instanceof Unread) return undefined;
    throw error;
  }
}
