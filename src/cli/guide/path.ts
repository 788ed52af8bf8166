/** One step of a target of the guide. */
export interface GuideStep {
  /** The element; empty where only an instance is named. */
  readonly name: string;
  /** The resource a reference leads to, and the path in it. Shape: individual(Practitioner.name) */
  readonly into?: { readonly types: readonly string[]; readonly path: readonly GuideStep[] };
}

/** What the guide misspells, and what R4 says. */
const SPELLING: Readonly<Record<string, string>> = {
  practioner: 'practitioner',
  organziation: 'organization',
  payer: 'payor',
  sytem: 'system',
  occurneceTiming: 'occurrenceTiming',
  occurenceTIming: 'occurrenceTiming',
  occurrenceTIming: 'occurrenceTiming',
  valueSampedData: 'valueSampledData',
  valuedateTime: 'valueDateTime',
  Practitioner: 'practitioner',
  coveragePeriod: 'period',
};

/**
 * Reads a target of the guide. `[n]` and `[each]` tell instances apart and are no positions: they fall away. `attribute(Resource.path)` is
 * a reference and what it leads to. Closing brackets the guide forgets are taken as there.
 *
 * Shape: 'participant[1].individual(Practitioner.name)' -> participant, individual into Practitioner: name
 */
export function readGuidePath(text: string): GuideStep[] {
  return readSteps(text).flatMap((step, index, all) =>
    all[index - 1]?.name === 'occurrenceTiming' && IN_REPEAT.has(step.name) ? [{ name: 'repeat' }, step] : [step],
  );
}

/** Elements of Timing.repeat, which the guide sets one step too high. */
const IN_REPEAT = new Set(['boundsDuration', 'boundsPeriod', 'duration', 'durationUnit']);

function readSteps(text: string): GuideStep[] {
  const plain = text
    .replace(/\[[^\]]*\]?/g, '')
    .replace(/\s+/g, '')
    .replaceAll('.(', '(');
  return splitAt(plain, '.').flatMap((part, index, all): GuideStep[] => {
    const open = part.indexOf('(');
    const name = spelled(open < 0 ? part : part.slice(0, open));
    if (open < 0) return name === '' ? [] : [{ name: inCoding(name, all[index - 1]) }];
    const inner = part.slice(open + 1).replace(/\)$/, '');
    const [head = '', ...rest] = splitAt(inner, '.');
    // `note(Annotation.text)`: a data type is no resource; what follows is in the element itself.
    if (head === 'Annotation') return [{ name }, ...readGuidePath(rest.join('.'))];
    const types = head.split('|').map((type) => type.replace(/\(.*$/, ''));
    const nested = head.includes('(') ? [] : readGuidePath(rest.join('.'));
    return [{ name, into: { types, path: nested } }];
  });
}

/** The target without instances and misspellings: what rulings name. Shape: participant.individual(Practitioner) */
export function plainTarget(text: string): string {
  return write(readGuidePath(text));
}

function write(path: readonly GuideStep[]): string {
  return path
    .map(({ name, into }) => {
      if (into === undefined) return name;
      const rest = write(into.path);
      return `${name}(${into.types.join('|')}${rest === '' ? '' : `.${rest}`})`;
    })
    .join('.');
}

/** A Coding has a system and a code, which the guide calls uri and value in places. */
function inCoding(name: string, before: string | undefined): string {
  if (before !== 'coding') return name;
  return name === 'uri' ? 'system' : name === 'value' ? 'code' : name;
}

function spelled(name: string): string {
  return SPELLING[name] ?? name;
}

/** Parts between separators that stand in no bracket. */
function splitAt(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const char of text) {
    if (char === '(') depth++;
    else if (char === ')') depth--;
    if (char === separator && depth === 0) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  return [...parts, part].filter((each) => each !== '');
}
