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
  writer.resource(resource, 0, ` xmlns="${FHIR_NAMESPACE}"`);
  return `<?xml version="1.0" encoding="UTF-8"?>${writer.text}`;
}

class Writer {
  readonly #definitions: Definitions;
  readonly #pretty: boolean;
  text = '';

  constructor(definitions: Definitions, pretty: boolean) {
    this.#definitions = definitions;
    this.#pretty = pretty;
  }

  resource(resource: Fields, depth: number, attributes = ''): void {
    const type = String(resource['resourceType']);
    this.#element(type, attributes, depth, () => this.#children(resource, type, depth + 1));
  }

  #children(fields: Fields, parent: string, depth: number): void {
    for (const info of this.#definitions.children(parent)) {
      if (info.attribute) continue;
      const value = fields[info.name];
      const sibling = fields[`_${info.name}`];
      if (value === undefined && sibling === undefined) continue;
      if (!Array.isArray(value) && !Array.isArray(sibling)) this.#one(info, fields, info.name, value, sibling, depth);
      else {
        const [values, siblings] = [listOf(value), listOf(sibling)];
        for (let index = 0; index < Math.max(values.length, siblings.length); index += 1) {
          this.#one(info, values, index, values[index], siblings[index], depth);
        }
      }
    }
  }

  #one(info: ElementInfo, holder: object, key: string | number, value: unknown, sibling: unknown, depth: number): void {
    if (info.type === 'xhtml') {
      if (typeof value === 'string') this.#line(depth, value);
      return;
    }
    if (isPrimitiveType(info.type)) {
      const fields = (sibling ?? {}) as Fields;
      const written = typeof value === 'number' ? writtenNumber(holder, String(key)) : String(value);
      const attributes = value === undefined || value === null ? '' : ` value="${escapeAttribute(written)}"`;
      this.#element(info.name, this.#attributes(fields, 'Element') + attributes, depth, () => this.#children(fields, 'Element', depth + 1));
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    const fields = value as Fields;
    if (typeof fields['resourceType'] === 'string') {
      this.#element(info.name, '', depth, () => this.resource(fields, depth + 1));
      return;
    }
    this.#element(info.name, this.#attributes(fields, info.type), depth, () => this.#children(fields, info.type, depth + 1));
  }

  #attributes(fields: Fields, parent: string): string {
    return this.#definitions
      .children(parent)
      .filter((info) => info.attribute && fields[info.name] !== undefined)
      .map((info) => ` ${info.name}="${escapeAttribute(String(fields[info.name]))}"`)
      .join('');
  }

  #element(name: string, attributes: string, depth: number, inside: () => void): void {
    const before = this.text.length;
    this.#line(depth, `<${name}${attributes}>`);
    const opened = this.text.length;
    inside();
    if (this.text.length > opened) this.#line(depth, `</${name}>`);
    else {
      this.text = this.text.slice(0, before);
      this.#line(depth, `<${name}${attributes}/>`);
    }
  }

  #line(depth: number, text: string): void {
    this.text += this.#pretty ? `\n${'  '.repeat(depth)}${text}` : text;
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : value === undefined ? [] : [value];
}
