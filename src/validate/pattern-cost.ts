/** What repeats at `at`: how many lengths it may take, and where the pattern goes on; undefined where nothing repeats. */
function quantifierAt(pattern: string, at: number, length: number): { readonly ways: number; readonly end: number } | undefined {
  const sign = pattern[at];
  if (sign === '*' || sign === '+') return { ways: length, end: at + 1 };
  if (sign === '?') return { ways: 2, end: at + 1 };
  const [all, least, comma, most] = /^\{(\d+)(,?)(\d*)\}/.exec(pattern.slice(at, at + 24)) ?? [];
  if (all === undefined) return undefined;
  const ways = comma === '' ? 1 : most === '' ? length : Number(most) - Number(least) + 1;
  return { ways: Math.max(1, Math.min(ways, length)), end: at + all.length };
}

/**
 * The most ways in which a pattern may be tried on a text of a length before it is found not to fit: the product of what each repetition
 * leaves open. Infinity where a group that repeats leaves something open itself, or the pattern looks back or around: such may run away.
 *
 * Shape: patternCost('^[0-9]{10}$', 100) is 1, ('^a*b', 100) is 100, ('^(a+)+$', 100) is Infinity
 */
export function patternCost(pattern: string, length: number): number {
  let cost = pattern.startsWith('^') ? 1 : length;
  const open: number[] = [];
  for (let at = 0; at < pattern.length; ) {
    const sign = pattern[at];
    let ways = 1;
    if (sign === '(') {
      if (/^\((?:\?[=!<])/.test(pattern.slice(at, at + 3))) return Number.POSITIVE_INFINITY;
      open.push(1);
      at += pattern.startsWith('?:', at + 1) ? 3 : 1;
      continue;
    }
    if (sign === '|') {
      ways = 2;
      at += 1;
    } else {
      if (sign === ')') ways = open.pop() ?? 1;
      const isLoose = ways > 1;
      if (sign === '\\' && /[1-9k]/.test(pattern[at + 1] ?? '')) return Number.POSITIVE_INFINITY;
      at = sign === '[' ? endOfClass(pattern, at) : at + (sign === '\\' ? 2 : 1);
      const quantifier = quantifierAt(pattern, at, length);
      if (quantifier !== undefined) {
        if (isLoose && quantifier.ways > 1) return Number.POSITIVE_INFINITY;
        if (isLoose && Number(/^\{(\d+)/.exec(pattern.slice(at))?.[1] ?? 1) > 1) return Number.POSITIVE_INFINITY;
        ways *= quantifier.ways;
        at = quantifier.end;
        // A lazy one takes as many lengths.
        if (pattern[at] === '?') at += 1;
      }
    }
    if (ways === 1) continue;
    if (open.length > 0) open[open.length - 1] = (open.at(-1) as number) * ways;
    else cost *= ways;
  }
  return cost;
}

function endOfClass(pattern: string, start: number): number {
  for (let at = start + 1; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++;
    else if (pattern[at] === ']') return at + 1;
  }
  return pattern.length;
}
