import { fieldOf } from '../../hl7v2/fields.ts';
import type { Condition } from '../../map/condition.ts';
import { plant } from './plant.ts';
import type { WrittenMessage } from './written-message.ts';

/** One change of a message. */
export type Change = (message: WrittenMessage) => void;

/** Ways to make a condition true, each a list of changes; the first that leads to the value proves the row. */
export function waysTo(condition: Condition, wanted = true): Change[][] {
  switch (condition.op) {
    case 'not':
      return waysTo(condition.of, !wanted);
    case 'and':
    case 'or': {
      const each = condition.of.map((part) => waysTo(part, wanted));
      const all = (condition.op === 'and') === wanted;
      if (!all) return each.flat();
      return each.reduce<Change[][]>((ways, more) => ways.flatMap((way) => more.map((next) => [...way, ...next])), [[]]).slice(0, 24);
    }
    case 'valued': {
      const { place } = condition;
      if (place.field === 0) return [[]];
      if (!wanted) return [[(message) => message.set(place, '')]];
      return [[(message) => valueOf(message, place)]];
    }
    case 'same': {
      const { place, other } = condition;
      if (!wanted) return [[(message) => message.set(place, 'NEITHER')]];
      return [[(message) => message.set(place, message.field(other.owner, other.field).split('^')[(other.component || 1) - 1] ?? '')]];
    }
    case 'in': {
      const { place, values, measure } = condition;
      if (measure === 'length') return [[]];
      if (measure === 'count') return wanted ? [[(message) => repeat(message, place.owner, place.field, Number(values[0]))]] : [[]];
      const within = { ...place, component: place.component || (partsOf(place.owner, place.field) ? 1 : 0) };
      if (wanted) return values.map((value) => [(message) => message.set(within, value)]);
      return [[], [(message) => message.set(within, 'NEITHER')], [(message) => message.set(place, '')]];
    }
    case '>':
    case '<': {
      const { place, measure, number } = condition;
      const more = (condition.op === '>') === wanted;
      if (measure === 'count') {
        return [[(message) => repeat(message, place.owner, place.field, more ? number + 1 : Math.max(number - 1, 0))]];
      }
      return [[]];
    }
  }
}

function partsOf(owner: string, field: number): boolean {
  const type = fieldOf(owner, field)?.type ?? '';
  return !['ID', 'IS', 'ST', 'NM', 'SI', 'DT', 'DTM', 'TM', 'TX', 'FT', 'varies', ''].includes(type);
}

function valueOf(message: WrittenMessage, place: { owner: string; field: number; component: number; subcomponent: number }): void {
  const { owner, field, component, subcomponent } = place;
  if (message.field(owner, field) !== '' && component === 0) return;
  const whole = plant(fieldOf(owner, field)?.type ?? 'ST', `${owner}${field}`).text;
  const part = component === 0 ? whole : whole.split('^')[component - 1] || `${owner}${field}x${component}`;
  message.set(place, subcomponent === 0 ? part : (part.split('&')[subcomponent - 1] ?? part));
}

function repeat(message: WrittenMessage, owner: string, field: number, times: number): void {
  const standing = message.field(owner, field).split('~')[0] || plant(fieldOf(owner, field)?.type ?? 'ST', `${owner}${field}`).text;
  message.setField(owner, field, Array.from({ length: times }, () => standing).join('~'));
}
