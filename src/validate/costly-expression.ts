import { patternCost } from './pattern-cost.ts';

/** How often an expression may ask for everything below; each time multiplies by how deep a resource is. */
const MOST_SWEEPS = 2;
const MOST_CHARACTERS = 4_000;
/** Functions that make much out of little in one step, where no count of steps sees it in time. */
const GROWING = /\b(?:replace|replaceMatches|join|combine|encode|decode|escape|unescape|power|aggregate)\s*\(/;
/** The length of text for which a pattern must be cheap; on longer text it is weighed again. */
const ORDINARY_LENGTH = 64;
const MOST_TRIES = 10_000_000;

/** Whether trying a pattern on a text of a length may take too long. */
export function isCostlyPattern(pattern: string, length: number): boolean {
  return patternCost(pattern, length) > MOST_TRIES;
}

/**
 * Whether an expression of a profile from outside could keep the process busy before its steps are counted: by a pattern that runs away, one
 * that comes out of the resource, by growing what it works on, or by going through everything again and again. It is then not evaluated,
 * and that is said.
 *
 * Shape: code.matches('(a+)+') is; code.matches('[a-z]+') is not
 */
export function isCostly(expression: string): boolean {
  if (expression.length > MOST_CHARACTERS || GROWING.test(expression)) return true;
  const sweeps = expression.match(/\b(?:descendants|repeat)\s*\(/g)?.length ?? 0;
  if (sweeps > MOST_SWEEPS) return true;
  for (const found of expression.matchAll(/\b(?:matches|matchesFull)\s*\(\s*('(?:[^'\\]|\\.)*')?/g)) {
    const literal = found[1];
    if (literal === undefined || isCostlyPattern(literal.slice(1, -1).replaceAll('\\\\', '\\'), ORDINARY_LENGTH)) return true;
  }
  return false;
}
