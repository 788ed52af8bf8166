import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { issue } from '../../issue/issue.ts';
import { failure, type Result, success } from '../../issue/result.ts';
import type { Definitions, ElementInfo } from '../../fhir/definitions.ts';
import { isPrimitiveType } from '../../fhir/primitives.ts';
import { setDecimal } from '../../fhir/written-number.ts';
import { escapeAttribute, FHIR_NAMESPACE, unescapeAttribute, XHTML_NAMESPACE } from './xml-text.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
const INTEGERS = new Set(['integer', 'unsignedInt', 'positiveInt']);
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A tag as the parser gives it: its name with what it holds, and its attributes. */
type Node = Readonly<Record<string, unknown>>;

/**
 * A resource out of FHIR XML, as JSON has it. What is not of the type's definition is kept, so that validation names it.
 *
 * Fails: xml-invalid (not UTF-8, not well-formed, a DTD, another namespace, text between elements, nested too deeply)
 */
export function parseXml(bytes: Uint8Array, definitions: Definitions, maxDepth: number): Result<Record<string, unknown>> {
  try {
    return success(new Reader(definitions, maxDepth).document(decoder.decode(bytes)));
  } catch (error) {
    return failure(issue('xml-invalid', { reason: error instanceof Refused ? error.reason : 'it is not UTF-8 or not well-formed' }));
  }
}

/** Ends the reading with a reason that quotes nothing of the text. */
class Refused {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

class Reader {
  readonly #definitions: Definitions;
  readonly #maxDepth: number;

  constructor(definitions: Definitions, maxDepth: number) {
    this.#definitions = definitions;
    this.#maxDepth = maxDepth;
  }

  document(text: string): Record<string, unknown> {
    if (/<!(DOCTYPE|ENTITY)/i.test(text)) throw new Refused('a DTD is not taken');
    if (hasTooManyAttributes(text)) throw new Refused('an element has more attributes than any of FHIR');
    const checked = XMLValidator.validate(text);
    if (checked !== true) throw new Refused(`it is not well-formed at line ${checked.err.line}`);
    const parser = new XMLParser({
      preserveOrder: true,
      ignoreAttributes: false,
      attributeNamePrefix: '',
      parseTagValue: false,
      parseAttributeValue: false,
      trimValues: false,
      processEntities: false,
      ignoreDeclaration: true,
      ignorePiTags: true,
      stopNodes: ['*.div'],
      maxNestedTags: this.#maxDepth * 2,
    });
    const [root, ...more] = elementsOf(parser.parse(text));
    if (root === undefined || more.length > 0) throw new Refused('it has not one root element');
    if (attributesOf(root)['xmlns'] !== FHIR_NAMESPACE) throw new Refused(`its namespace is not ${FHIR_NAMESPACE}`);
    return this.#resource(root, this.#maxDepth);
  }

  #resource(node: Node, depth: number): Record<string, unknown> {
    if (Object.keys(this.#attributeFields(node)).length > 0) throw new Refused('a resource has no attributes');
    const type = nameOf(node);
    const resource: Record<string, unknown> = { resourceType: type };
    this.#children(node, type, resource, depth);
    return resource;
  }

  #children(node: Node, parent: string, into: Record<string, unknown>, depth: number): void {
    if (depth === 0) throw new Refused('it is nested too deeply');
    for (const child of elementsOf(contentOf(node))) {
      const name = nameOf(child);
      if (name === '__proto__') throw new Refused('an element is named __proto__');
      const info = this.#definitions.child(parent, name);
      const isList = info !== undefined && info.max > 1;
      if (info !== undefined && isPrimitiveType(info.type) && info.type !== 'xhtml') this.#primitive(child, info, into, isList, depth);
      else add(into, name, this.#complex(child, info, depth), isList);
    }
  }

  #complex(node: Node, info: ElementInfo | undefined, depth: number): unknown {
    if (info?.type === 'xhtml') return narrative(node);
    if (info !== undefined && (info.type === 'Resource' || this.#definitions.resourceTypes.has(info.type))) {
      const [inner, ...more] = elementsOf(contentOf(node));
      if (inner === undefined || more.length > 0) throw new Refused('an element that holds a resource holds none, or several');
      return this.#resource(inner, depth - 1);
    }
    const fields: Record<string, unknown> = this.#attributeFields(node);
    this.#children(node, info?.type ?? '', fields, depth - 1);
    return fields;
  }

  #primitive(node: Node, info: ElementInfo, into: Record<string, unknown>, isList: boolean, depth: number): void {
    const { value, ...rest } = this.#attributeFields(node);
    const sibling: Record<string, unknown> = rest;
    this.#children(node, 'Element', sibling, depth - 1);
    const hasSibling = Object.keys(sibling).length > 0;
    if (!isList) {
      if (value !== undefined) setPrimitive(into, info.name, info.type, value);
      if (hasSibling) add(into, `_${info.name}`, sibling, false);
      return;
    }
    const values = (into[info.name] ?? []) as unknown[];
    const index = Math.max(values.length, listLength(into[`_${info.name}`]));
    if (value !== undefined) {
      while (values.length < index) values.push(null);
      setPrimitive(values, String(index), info.type, value);
      into[info.name] = values;
    }
    if (hasSibling) {
      const siblings = (into[`_${info.name}`] ?? []) as unknown[];
      while (siblings.length < index) siblings.push(null);
      siblings.push(sibling);
      into[`_${info.name}`] = siblings;
    } else if (value !== undefined && into[`_${info.name}`] !== undefined) (into[`_${info.name}`] as unknown[]).push(null);
  }

  #attributeFields(node: Node): Record<string, string> {
    const fields: Record<string, string> = {};
    for (const [name, raw] of Object.entries(attributesOf(node))) {
      if (name === 'xmlns' || name.startsWith('xmlns:') || name.startsWith('xsi:')) continue;
      const text = unescapeAttribute(raw);
      if (text === undefined) throw new Refused('an entity is not one of XML');
      fields[name] = text;
    }
    return fields;
  }
}

/** A primitive as JSON writes it; a text that is no such value stays text, and validation names it. */
function setPrimitive(into: object, name: string, type: string, text: string): void {
  const holder = into as Record<string, unknown>;
  if (type === 'boolean' && (text === 'true' || text === 'false')) holder[name] = text === 'true';
  else if (INTEGERS.has(type) && /^[+-]?\d{1,12}$/.test(text)) holder[name] = Number(text);
  else if (type === 'decimal' && NUMBER.test(text)) setDecimal(into, name, text);
  else holder[name] = text;
}

/** Adds to a list, or sets; what may stand once and stands twice becomes a list, and validation names it. */
function add(into: Record<string, unknown>, name: string, value: unknown, isList: boolean): void {
  const present = Object.hasOwn(into, name) ? into[name] : undefined;
  if (present === undefined) into[name] = isList ? [value] : value;
  else into[name] = Array.isArray(present) ? [...(present as unknown[]), value] : [present, value];
}

function narrative(node: Node): string {
  const attributes = Object.entries({ xmlns: XHTML_NAMESPACE, ...attributesOf(node) })
    .map(([name, value]) => ` ${name}="${escapeAttribute(unescapeAttribute(value) ?? value)}"`)
    .join('');
  const inside = (contentOf(node) as Node[]).map((part) => part['#text'] as string).join('');
  return `<div${attributes}>${inside}</div>`;
}

function elementsOf(nodes: unknown): Node[] {
  const elements: Node[] = [];
  for (const node of nodes as Node[]) {
    if (!Object.hasOwn(node, '#text')) elements.push(node);
    else if (String(node['#text']).trim() !== '') throw new Refused('text stands between elements');
  }
  return elements;
}

function nameOf(node: Node): string {
  return Object.keys(node).find((key) => key !== ':@') ?? '';
}

function contentOf(node: Node): unknown {
  return node[nameOf(node)];
}

function attributesOf(node: Node): Readonly<Record<string, string>> {
  return (node[':@'] ?? {}) as Record<string, string>;
}

function listLength(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

const MOST_ATTRIBUTES = 64;

/** Told before the text is parsed: a parser's time grows with the square of an element's attributes. */
function hasTooManyAttributes(text: string): boolean {
  let count = 0;
  for (const [found] of text.matchAll(/[<>]|=\s*(?:"[^"]*"|'[^']*')/g)) {
    count = found.startsWith('=') ? count + 1 : 0;
    if (count > MOST_ATTRIBUTES) return true;
  }
  return false;
}
