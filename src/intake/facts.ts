import { isDeepStrictEqual } from 'node:util';
import type { Resource } from '../fhir/resource.ts';

/**
 * What one sender has said of one resource so far, element by element. Kept beside the resource, because a v2 message is no
 * statement about the whole: what it does not mention it leaves alone, and what it takes back is only what that sender gave.
 */
export interface Facts {
  /** The time of the newest message they come from. UTC ms; 0 when no message told a time. */
  readonly at: number;
  readonly elements: Readonly<Record<string, unknown>>;
}

/** What a message says of a resource. */
export interface Statement {
  readonly at: number;
  readonly resource: Resource;
  /** Top-level elements it speaks of: those it gives and those it takes away. */
  readonly spoken: readonly string[];
  /** It states the resource whole: what it leaves out is not so, and when it is older than what is known it adds nothing. */
  readonly whole?: boolean;
}

/** A resource and its sender's facts after a statement. */
export interface Merged {
  readonly resource: Resource;
  readonly facts: Facts;
  /** Elements the statement spoke of that newer facts of the same sender overruled. */
  readonly overruled: readonly string[];
}

const OWN = new Set(['resourceType', 'id', 'meta']);

/**
 * A statement laid over what is stored.
 *
 * An element absent from the statement stays; one it takes away goes, if it is still as this sender gave it; in a list the entries this
 * sender gave before are replaced and everybody else's stay; an element that says what the same sender said before is left as it is
 * now, so that a correction made by hand is not undone by a repetition. A statement older than the sender's facts adds only what they lack.
 */
export function layOver(stored: Resource | undefined, facts: Facts | undefined, statement: Statement): Merged {
  const resource: Resource = stored === undefined ? { resourceType: statement.resource.resourceType } : { ...stored };
  const elements: Record<string, unknown> = { ...facts?.elements };
  const older = facts !== undefined && statement.at < facts.at;
  const overruled: string[] = [];
  for (const name of withChoiceSiblings(statement, elements)) {
    const said = statement.resource[name];
    const before = elements[name];
    if (isDeepStrictEqual(said, before)) continue;
    if (older && (before !== undefined || statement.whole === true)) {
      overruled.push(name);
      continue;
    }
    const now = replaceSaid(resource[name], before, said);
    if (now === undefined) delete resource[name];
    else resource[name] = now;
    if (said === undefined) delete elements[name];
    else elements[name] = said;
  }
  return { resource, facts: { at: Math.max(facts?.at ?? 0, statement.at), elements }, overruled };
}

/** A choice of types is one element: saying valueString takes back the valueQuantity said before. */
function withChoiceSiblings(statement: Statement, before: Readonly<Record<string, unknown>>): Set<string> {
  const said = statement.whole === true ? [...statement.spoken, ...Object.keys(before)] : statement.spoken;
  const names = new Set(said.filter((name) => !OWN.has(name)));
  for (const name of names) {
    const stem = choiceStem(name);
    if (stem === undefined) continue;
    for (const other of Object.keys(before)) if (choiceStem(other) === stem) names.add(other);
  }
  return names;
}

const CHOICES = [
  'value',
  'effective',
  'deceased',
  'multipleBirth',
  'onset',
  'abatement',
  'performed',
  'occurrence',
  'collected',
  'serviced',
];

function choiceStem(name: string): string | undefined {
  return CHOICES.find((stem) => name.startsWith(stem) && /^[A-Z]/.test(name.slice(stem.length)));
}

function replaceSaid(stored: unknown, before: unknown, said: unknown): unknown {
  if (Array.isArray(stored) && (said === undefined || Array.isArray(said))) {
    const mine = Array.isArray(before) ? before : [];
    const others = stored.filter((entry) => !mine.some((own) => isDeepStrictEqual(own, entry)));
    const given = (said ?? []).filter((entry) => !others.some((other) => isDeepStrictEqual(other, entry)));
    const list = [...given, ...others];
    return list.length === 0 ? undefined : list;
  }
  if (said !== undefined) return said;
  return isDeepStrictEqual(stored, before) ? undefined : stored;
}
