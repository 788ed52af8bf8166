import { componentsOf, fieldOf } from '../hl7v2/fields.ts';
import { authoritySystem, codingSystem, localUrn } from './local-names.ts';
import type { Place } from './place.ts';
import type { Frame } from './run.ts';
import type { Value } from './value.ts';

/** The text a value has in a key; empty when it is none. */
export type KeyText = (value: Value, frame: Frame) => string;

/** The v2 type of a place. */
function typeAt(place: Place): string {
  const type = place.field === 0 ? place.owner : (fieldOf(place.owner, place.field)?.type ?? 'ST');
  return place.component === 0 ? type : (componentsOf(type)[place.component - 1] ?? 'ST');
}

const IDENTIFIERS = new Set(['CX', 'EI', 'XCN', 'XON', 'CNN', 'HD', 'PLN']);

/** Whether the key says whose it is: an identifier with its authority. */
export function isTyped(place: Place): boolean {
  return IDENTIFIERS.has(typeAt(place));
}

/** The text a place has in a key, by its type. */
export function keyTextOf(place: Place): KeyText {
  switch (typeAt(place)) {
    case 'CX':
      return (value, frame) => identifier(value.part(1), value.child(4), frame);
    case 'EI':
      return (value, frame) => owned(value.part(1), [value.part(2), value.part(3), value.part(4)], frame);
    case 'XCN':
      return (value, frame) => identifier(value.part(1), value.child(9), frame);
    case 'CNN':
      return (value, frame) => owned(value.part(1), [value.part(9), value.part(10), value.part(11)], frame);
    case 'XON':
      return (value, frame) => identifier(value.part(10) || value.part(3), value.child(6), frame);
    case 'HD':
      return (value, frame) => authority([value.part(1), value.part(2), value.part(3)], frame) ?? '';
    case 'CWE':
      return (value, frame) => frame.run.memory.share(coded, value, frame) as string;
    default:
      return (value) => value.text.trim();
  }
}

function identifier(id: string, assigner: Value, frame: Frame): string {
  return owned(id, [assigner.part(1), assigner.part(2), assigner.part(3)], frame);
}

function owned(id: string, [name = '', universal = '', type = '']: readonly string[], frame: Frame): string {
  if (id.trim() === '') return '';
  return `${authority([name, universal, type], frame) ?? localUrn(frame.run.namespace)}|${id.trim()}`;
}

function authority([name = '', id = '', idType = '']: readonly string[], frame: Frame): string | undefined {
  return authoritySystem({ name, id, idType }, frame.run.sender, frame.run.namespace);
}

const coded: KeyText = (value, frame) => {
  const { names, sender, namespace } = frame.run;
  const code = value.part(1).trim();
  if (code === '') return (value.part(2) || value.part(9)).trim();
  return `${codingSystem(value.part(3), value.part(14), names, sender, namespace) ?? ''}|${code}`;
};
