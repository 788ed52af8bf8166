import type { Place } from '../../map/place.ts';

/** A message under construction: segments in order, the fields of each as they will be written. */
export class WrittenMessage {
  readonly #segments: { readonly name: string; readonly fields: string[] }[];

  private constructor(segments: { readonly name: string; readonly fields: string[] }[]) {
    this.#segments = segments;
  }

  /** Shape: WrittenMessage.of(['MSH|^~\\&|A', 'PID|||1']) */
  static of(lines: readonly string[]): WrittenMessage {
    return new WrittenMessage(
      lines.map((line) => {
        const [name = '', ...fields] = line.split('|');
        return { name, fields: name === 'MSH' ? ['|', ...fields] : fields };
      }),
    );
  }

  copy(): WrittenMessage {
    return new WrittenMessage(this.#segments.map(({ name, fields }) => ({ name, fields: [...fields] })));
  }

  has(name: string): boolean {
    return this.#segments.some((segment) => segment.name === name);
  }

  /** Writes a field of the last segment of that name: that is the one under test, what goes before it is its surroundings. */
  setField(owner: string, field: number, text: string): void {
    const segment = this.#segments.findLast(({ name }) => name === owner);
    if (segment === undefined) return;
    while (segment.fields.length < field) segment.fields.push('');
    segment.fields[field - 1] = text;
  }

  field(owner: string, field: number): string {
    return this.#segments.findLast(({ name }) => name === owner)?.fields[field - 1] ?? '';
  }

  /** Writes a field, or a component of its first repetition, or a part of that. */
  set({ owner, field, component, subcomponent }: Pick<Place, 'owner' | 'field' | 'component' | 'subcomponent'>, text: string): void {
    if (component === 0) {
      this.setField(owner, field, text);
      return;
    }
    const repetitions = this.field(owner, field).split('~');
    const components = (repetitions[0] ?? '').split('^');
    while (components.length < component) components.push('');
    if (subcomponent === 0) components[component - 1] = text;
    else {
      const parts = (components[component - 1] ?? '').split('&');
      while (parts.length < subcomponent) parts.push('');
      parts[subcomponent - 1] = text;
      components[component - 1] = parts.join('&');
    }
    repetitions[0] = components.join('^').replace(/\^+$/, '');
    this.setField(owner, field, repetitions.join('~'));
  }

  toString(): string {
    return this.#segments
      .map(({ name, fields }) => `${name}|${(name === 'MSH' ? fields.slice(1) : fields).join('|').replace(/\|+$/, '')}`)
      .join('\r');
  }
}
