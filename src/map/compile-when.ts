import { type Condition, parseCondition, placesOf } from './condition.ts';
import { compileCondition, type Test } from './read-place.ts';
import type { RowAt } from './row-scope.ts';

type WhenScope = Pick<RowAt, 'dataType' | 'owner' | 'fault'>;

/** Compiles `when`; undefined where there is none. Fails: mapping-faulty */
export function compileWhen(text: string | undefined, scope: WhenScope): Test | undefined {
  const when = readWhen(text, scope);
  return when === undefined ? undefined : compileCondition(when, scope.dataType);
}

/** Reads `when`, and holds it to what the map can read; undefined where there is none. Fails: mapping-faulty */
export function readWhen(text: string | undefined, scope: WhenScope): Condition | undefined {
  if (text === undefined) return undefined;
  const parsed = parseCondition(text);
  if ('error' in parsed) return scope.fault(`when: ${parsed.error}`);
  const foreign = placesOf(parsed.condition).find((place) => scope.dataType && (place.field !== 0 || place.owner !== scope.owner));
  if (foreign !== undefined) return scope.fault(`when: ${foreign.text} is not part of ${scope.owner}`);
  return parsed.condition;
}
