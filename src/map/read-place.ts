import type { Segment } from '../hl7v2/message.ts';
import type { Condition } from './condition.ts';
import { type GroupNode, segmentNear } from './groups.ts';
import { keyTextOf } from './key-text.ts';
import type { Place } from './place.ts';
import type { Frame } from './run.ts';
import { Value } from './value.ts';

/** Whether a condition holds where a row runs. */
export type Test = (frame: Frame) => boolean;

/** The text of a place where a row runs; empty when it is not valued. */
export type ReadPlace = (frame: Frame) => string;

/** The segment of a place: the map's own, or the nearest of that name. */
export function segmentOf(owner: string, frame: Frame): Segment | undefined {
  return owner === frame.segment.name ? frame.segment : segmentNear(owner, frame.group, frame.segment.position);
}

/** Compiles a place. For a field the text is its first component's. */
export function compilePlace(place: Place, dataType: boolean): ReadPlace {
  const { owner, field, repetition, component, subcomponent } = place;
  if (dataType && field === 0) {
    if (component === 0) return (frame) => frame.value?.first ?? '';
    return (frame) => frame.value?.part(component, subcomponent || 1) ?? '';
  }
  if (field === 0) return (frame) => (segmentOf(owner, frame) === undefined ? '' : owner);
  return (frame) => {
    const own = frame.own;
    const segment = segmentOf(owner, frame);
    if (segment === undefined) return '';
    if (own !== undefined && repetition === 0 && own.field === field && own.segment.name === owner && frame.value === undefined) {
      return own.source.component(component || 1, subcomponent || 1);
    }
    return segment.field(field)[repetition === 0 ? 0 : repetition - 1]?.component(component || 1, subcomponent || 1) ?? '';
  };
}

/** Whether anything is in a place: of a field, in any component. */
function compileValued(place: Place, dataType: boolean): Test {
  const { owner, field, repetition, component, subcomponent } = place;
  if (dataType && field === 0) {
    if (component === 0) return (frame) => frame.value?.valued === true;
    return (frame) => frame.value?.child(component, subcomponent).valued === true;
  }
  if (field === 0) return (frame) => segmentOf(owner, frame) !== undefined || hasInside(frame.group, owner);
  if (subcomponent !== 0) {
    const read = compilePlace(place, dataType);
    return (frame) => read(frame) !== '';
  }
  return (frame) => {
    const own = frame.own;
    const atHand = own !== undefined && repetition === 0 && own.field === field && own.segment.name === owner && frame.value === undefined;
    const source = atHand ? own.source : segmentOf(owner, frame)?.field(field)[repetition === 0 ? 0 : repetition - 1];
    if (source === undefined || source.raw === '' || source.isNull) return false;
    if (component === 0) return true;
    const raw = source.rawComponent(component);
    return raw !== '' && raw !== '""';
  };
}

/** Whether a segment stands in one of the groups inside a group. */
function hasInside(group: GroupNode, name: string): boolean {
  for (const groups of group.groups.values()) {
    if (groups.some((inner) => inner.segments.get(name) !== undefined || hasInside(inner, name))) return true;
  }
  return false;
}

/** A condition as a test of a frame; in a data type map its places are parts of the value. */
export function compileCondition(condition: Condition, dataType: boolean): Test {
  switch (condition.op) {
    case 'and': {
      const tests = condition.of.map((part) => compileCondition(part, dataType));
      return (frame) => {
        for (const test of tests) if (!test(frame)) return false;
        return true;
      };
    }
    case 'or': {
      const tests = condition.of.map((part) => compileCondition(part, dataType));
      return (frame) => {
        for (const test of tests) if (test(frame)) return true;
        return false;
      };
    }
    case 'not': {
      const test = compileCondition(condition.of, dataType);
      return (frame) => !test(frame);
    }
    case 'valued':
      return compileValued(condition.place, dataType);
    case 'same':
      return compileSame(condition.place, condition.other);
    case 'in': {
      const { values } = condition;
      if (condition.measure !== 'text') {
        const numbers = new Set(condition.values.map(Number));
        const measure = compileMeasure(condition.measure, condition.place, dataType);
        return (frame) => numbers.has(measure(frame));
      }
      const read = compilePlace(condition.place, dataType);
      return (frame) => values.includes(read(frame));
    }
    default: {
      const { op, number } = condition;
      const measure = compileMeasure(condition.measure, condition.place, dataType);
      return (frame) => {
        const found = measure(frame);
        return op === '>' ? found > number : found < number;
      };
    }
  }
}

/** Whether two fields name the same thing, as keys tell it: an identifier with its authority, a code with its system. */
function compileSame(place: Place, other: Place): Test {
  const [left, right] = [keyTextOf(place), keyTextOf(other)];
  return (frame) => {
    const own = frame.own;
    const atHand = own !== undefined && place.repetition === 0 && own.field === place.field && own.segment.name === place.owner;
    const value = atHand ? own : valuesOf(place, frame)[0];
    const text = value === undefined ? '' : left(value, frame);
    return text !== '' && valuesOf(other, frame).some((one) => right(one, frame) === text);
  };
}

function valuesOf(place: Place, frame: Frame): Value[] {
  const { owner, field, repetition, component, subcomponent } = place;
  const segment = segmentOf(owner, frame);
  if (segment === undefined) return [];
  return segment
    .field(field)
    .map((source, index) => new Value(segment, field, index + 1, source, component, subcomponent))
    .filter((value) => !value.source.isNull && (repetition === 0 || repetition === value.repetition));
}

function compileMeasure(measure: 'text' | 'count' | 'length', place: Place, dataType: boolean): (frame: Frame) => number {
  const read = compilePlace(place, dataType);
  if (measure === 'length') return (frame) => read(frame).length;
  if (measure === 'text') {
    return (frame) => {
      const text = read(frame);
      return text === '' ? Number.NaN : Number(text);
    };
  }
  return (frame) => {
    let count = 0;
    for (const { raw, isNull } of segmentOf(place.owner, frame)?.field(place.field) ?? []) if (raw !== '' && !isNull) count++;
    return count;
  };
}
