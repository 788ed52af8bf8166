import type { Condition } from './condition.ts';
import type { Place } from './place.ts';

/** Whether something is known to stand in a place; undefined where that is not known. */
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
    case 'in':
      if (isValued(condition.place) !== false) return undefined;
      return condition.measure === 'text' ? condition.values.includes('') : condition.values.map(Number).includes(0);
    default:
      if (isValued(condition.place) !== false) return undefined;
      return condition.measure !== 'text' && (condition.op === '>' ? 0 > condition.number : 0 < condition.number);
  }
}

/** Of several conditions one that comes to `enough` decides; else all must be decided. */
function decideAll(conditions: readonly Condition[], isValued: IsValued, enough: boolean): boolean | undefined {
  const decided = conditions.map((condition) => decideCondition(condition, isValued));
  if (decided.includes(enough)) return enough;
  return decided.includes(undefined) ? undefined : !enough;
}
