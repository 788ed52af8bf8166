import type { Condition, Measure } from './condition.ts';
import type { Place } from './place.ts';

/** Whether something stands in a place, where it is known of a field that it stands there once; undefined where it is not known. */
export type IsValued = (place: Place) => boolean | undefined;

/** What a condition comes to where no more is known than which places are valued; undefined when that does not decide it. */
export function decideCondition(condition: Condition, isValued: IsValued): boolean | undefined {
  switch (condition.op) {
    case 'and':
      return decideAll(condition.of, isValued, false);
    case 'or':
      return decideAll(condition.of, isValued, true);
    case 'not': {
      const decided = decideCondition(condition.of, isValued);
      return decided === undefined ? undefined : !decided;
    }
    case 'valued':
      return isValued(condition.place);
    case 'same':
      return isValued(condition.place) === false || isValued(condition.other) === false ? false : undefined;
    case 'in': {
      if (condition.measure === 'text') return isValued(condition.place) === false ? condition.values.includes('') : undefined;
      const size = sizeOf(condition, isValued);
      return size === undefined ? undefined : condition.values.map(Number).includes(size);
    }
    default: {
      if (condition.measure === 'text') return isValued(condition.place) === false ? false : undefined;
      const size = sizeOf(condition, isValued);
      return size === undefined ? undefined : condition.op === '>' ? size > condition.number : size < condition.number;
    }
  }
}

/** A count or a length, where it is known: nothing is none, and what stands there once counts as one. */
function sizeOf({ measure, place }: { readonly measure: Measure; readonly place: Place }, isValued: IsValued): number | undefined {
  const valued = isValued(measure === 'count' ? { ...place, repetition: 0, component: 0, subcomponent: 0 } : place);
  if (valued === false) return 0;
  return valued === true && measure === 'count' && place.field !== 0 ? 1 : undefined;
}

/** Of several conditions one that comes to `enough` decides; else all must be decided. */
function decideAll(conditions: readonly Condition[], isValued: IsValued, enough: boolean): boolean | undefined {
  const decided = conditions.map((condition) => decideCondition(condition, isValued));
  if (decided.includes(enough)) return enough;
  return decided.includes(undefined) ? undefined : !enough;
}
