import type { Definitions, ElementInfo } from '../../fhir/definitions.ts';
import { isPrimitiveType } from '../../fhir/primitives.ts';
import type { Resource } from '../../fhir/resource.ts';
import { writtenNumber } from '../../fhir/written-number.ts';
import { escapeAttribute, FHIR_NAMESPACE } from './xml-text.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * A resource as FHIR XML: elements in the order of their definition, primitives as attributes, decimals as written.
 *
 * Source: FHIR R4 xml, 2.6.1
 */
export function writeXml(resource: Resource, definitions: Definitions, pretty: boolean): string {
  const writer = new Writer(definitions, pretty);
  return `<?xml version="1.0" encoding="UTF-8"?>${writer.resource(resource, 0, ` xmlns="${FHIR_NAMESPACE}"`)}`;
}

class Writer {
  readonly #definitions: Definitions;
  readonly #pretty: boolean;

  constructor(definitions: Definitions, pretty: boolean) {
    this.#definitions = definitions;
    this.#pretty = pretty;
  }

  resource(resource: Fields, depth: number, attributes = ''): string {
    const type = String(resource['resourceType']);
    return this.#element(type, attributes, depth, this.#children(resource, type, depth + 1));
  }

  #children(fields: Fields, parent: string, depth: number): string {
    let text = '';
    for (const info of this.#definitions.children(parent)) {
      if (info.attribute) continue;
      const value = fields[info.name];
      const sibling = fields[`_${info.name}`];
      if (value === undefined && sibling === undefined) continue;
      if (!Array.isArray(value) && !Array.isArray(sibling)) text += this.#one(info, fields, info.name, value, sibling, depth);
      else {
        const [values, siblings] = [listOf(value), listOf(sibling)];
        for (let index = 0; index < Math.max(values.length, siblings.length); index += 1) {
          text += this.#one(info, values, index, values[index], siblings[index], depth);
        }
      }
    }
    return text;
  }

  #one(info: ElementInfo, holder: object, key: string | number, value: unknown, sibling: unknown, depth: number): string {
    if (info.type === 'xhtml') return typeof value === 'string' ? this.#line(depth, value) : '';
    if (isPrimitiveType(info.type)) {
      const fields = (sibling ?? {}) as Fields;
      const written = typeof value === 'number' ? writtenNumber(holder, String(key)) : String(value);
      const attributes = value === undefined || value === null ? '' : ` value="${escapeAttribute(written)}"`;
      return this.#element(
        info.name,
        this.#attributes(fields, 'Element') + attributes,
        depth,
        this.#children(fields, 'Element', depth + 1),
      );
    }
    if (typeof value !== 'object' || value === null) return '';
    const fields = value as Fields;
    if (info.type === 'Resource' || this.#definitions.resourceTypes.has(info.type)) {
      return this.#element(info.name, '', depth, this.resource(fields, depth + 1));
    }
    return this.#element(info.name, this.#attributes(fields, info.type), depth, this.#children(fields, info.type, depth + 1));
  }

  #attributes(fields: Fields, parent: string): string {
    return this.#definitions
      .children(parent)
      .filter((info) => info.attribute && fields[info.name] !== undefined)
      .map((info) => ` ${info.name}="${escapeAttribute(String(fields[info.name]))}"`)
      .join('');
  }

  #element(name: string, attributes: string, depth: number, inside: string): string {
    if (inside === '') return this.#line(depth, `<${name}${attributes}/>`);
    return this.#line(depth, `<${name}${attributes}>`) + inside + this.#line(depth, `</${name}>`);
  }

  #line(depth: number, text: string): string {
    return this.#pretty ? `\n${'  '.repeat(depth)}${text}` : text;
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : value === undefined ? [] : [value];
}
