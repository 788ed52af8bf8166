/** How often an expression may ask for everything below. R4's own profiles ask once. */
const MOST_SWEEPS = 2;
const MOST_CHARACTERS = 4_000;

/** Whether a group that repeats has something in it that repeats or has alternatives: then some texts take time without end. */
function mayRunAway(pattern: string): boolean {
  const groups: boolean[] = [];
  let inClass = false;
  for (let at = 0; at < pattern.length; at++) {
    const sign = pattern[at];
    if (sign === '\\') at++;
    else if (inClass) inClass = sign !== ']';
    else if (sign === '[') inClass = true;
    else if (sign === '(') groups.push(false);
    else if (sign === ')') {
      const isLoose = groups.pop() === true;
      if (isLoose && '+*{'.includes(pattern[at + 1] ?? ' ')) return true;
      if (isLoose && groups.length > 0) groups[groups.length - 1] = true;
    } else if ((sign === '+' || sign === '*' || sign === '{' || sign === '|') && groups.length > 0) groups[groups.length - 1] = true;
  }
  return false;
}

/**
 * Whether an expression of a profile from outside could keep the process busy: by a pattern that runs away, one that comes out of the resource,
 * or by going through everything again and again. It is then not evaluated, and that is said.
 *
 * Shape: code.matches('(a+)+') is; code.matches('[a-z]+') is not
 */
export function isCostly(expression: string): boolean {
  if (expression.length > MOST_CHARACTERS) return true;
  const sweeps = expression.match(/\b(?:descendants|repeat)\s*\(/g)?.length ?? 0;
  if (sweeps > MOST_SWEEPS) return true;
  for (const found of expression.matchAll(/\b(?:matches|matchesFull|replaceMatches)\s*\(\s*('(?:[^'\\]|\\.)*')?/g)) {
    const literal = found[1];
    if (literal === undefined || mayRunAway(literal.slice(1, -1).replaceAll('\\\\', '\\'))) return true;
  }
  return false;
}
