import { componentsOf, fieldCountOf, fieldOf } from '../../src/hl7v2/fields.ts';
import { plant } from '../../src/cli/guide/plant.ts';

/** A value planted at one place of a message, down to the last part. */
export interface Leaf {
  /** Shape: PID-5.1.1 */
  readonly address: string;
  readonly text: string;
}

/** What must not be planted: without it there is no message, or no segment of its kind. */
const AS_IT_IS: Readonly<Record<string, string>> = {
  'MSH-1': '|',
  'MSH-2': '^~\\&',
  'MSH-12': '2.5.1',
  'MSH-18': 'UNICODE UTF-8',
};

/** A message in which every field of every segment, and every part of it, is valued. Shape: fullMessage('ADT^A01^ADT_A01', ['EVN', 'PID', 'OBX NM']) */
export function fullMessage(type: string, segments: readonly string[]): { readonly text: string; readonly leaves: readonly Leaf[] } {
  const leaves: Leaf[] = [];
  const occurrences = new Map<string, number>();
  const lines = ['MSH', ...segments].map((said) => {
    const [name = '', valueType = ''] = said.split(' ');
    const occurrence = (occurrences.get(name) ?? 0) + 1;
    occurrences.set(name, occurrence);
    const at = `${name}${occurrence > 1 ? `[${occurrence}]` : ''}`;
    const fields = Array.from({ length: fieldCountOf(name) }, (_, index) => {
      const field = index + 1;
      const address = `${at}-${field}`;
      const fixed = name === 'MSH' && field === 9 ? type : name === 'OBX' && field === 2 ? valueType : AS_IT_IS[address];
      if (fixed !== undefined) return fixed;
      const facts = fieldOf(name, field);
      const dataType = facts?.type === 'varies' ? valueType : (facts?.type ?? 'ST');
      const text = plant(dataType, `${name}${occurrence > 1 ? occurrence * 100 : ''}${field}`).text;
      leaves.push(...leavesOf(text, address, dataType));
      return text;
    });
    return `${name}|${(name === 'MSH' ? fields.slice(1) : fields).join('|')}`;
  });
  return { text: lines.join('\r'), leaves };
}

function leavesOf(text: string, address: string, type: string): Leaf[] {
  if (componentsOf(type).length === 0) return [{ address, text }];
  return text.split('^').flatMap((component, index) => {
    const parts = component.split('&');
    return parts.flatMap((part, below) => {
      const own = parts.length === 1 ? `${address}.${index + 1}` : `${address}.${index + 1}.${below + 1}`;
      return part === '' ? [] : [{ address: own, text: part }];
    });
  });
}
